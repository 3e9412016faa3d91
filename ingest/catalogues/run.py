"""Shared by the commands: options, the open lake, the loop, the summary."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import duckdb
import typer

from ingest.catalogues.files import Destination, Taking, ingest_file, survey_checksums
from ingest.outcomes import Outcome, forget_outcome, write_outcomes
from ingest.raw_tables import RAW_TABLES, delete_rows, make_raw_tables
from ingest.transport import Source
from store import lake
from store.failures import CommandError, FileRefused
from store.progress import Progress

MEMORY_LIMIT = "4GB"  # DuckDB's share while it writes; batches stream, so more would not help

SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="Survey root or file: a path, an http(s) URL or s3://. Default: DHS_SURVEY, else the "
        "embedded survey in the lake.",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Take files again that have not changed, and replace those of the same name from elsewhere.",
    ),
]
Forget = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Remove a file's rows, named as in raw_outcomes.file_name."),
]


def open_lake(*, must_exist: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the lake, and make the raw tables that it lacks.

    Only the commands that bring the first tables may make a lake: with a typo in its name, any
    other command would make an empty one.

    Raises
    ------
    LakeError
        When there is no lake and it must exist.
    """
    connection = lake.connect(must_exist=must_exist)
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    make_raw_tables(connection)
    if not lake.is_remote(lake.lake_root()):
        lake.write_open_sql()
    return connection


def run_catalogue_command(
    source: Source,
    paths: Sequence[str],
    to: Destination,
    *,
    force: bool = False,
) -> None:
    """Take files into the lake one by one, and print a summary.

    Raises
    ------
    CommandError
        When not one of the files could be used.
    """
    folder = paths[0].rpartition("/")[0]
    with closing(source), open_lake() as connection:
        try:
            checksums = survey_checksums(source, folder, to)
        except FileRefused as error:
            raise CommandError(f"the survey's list of checksums: {error}") from error
        taking = Taking(connection, source, to, checksums, force)
        outcomes: list[Outcome] = []
        n_skipped = 0
        with Progress(to.product, len(paths), "file") as progress:
            for path in paths:
                outcome, is_skipped = (
                    ingest_file(taking, path)
                    if to.is_name_right(path.rsplit("/", 1)[-1])
                    else (_misnamed(connection, path, to), False)
                )
                outcomes.append(outcome)
                n_skipped += is_skipped
                progress.add(1)
        _report(outcomes, n_skipped, to)


def _misnamed(connection: duckdb.DuckDBPyConnection, path: str, to: Destination) -> Outcome:
    """Record a file whose name does not fit its product."""
    name = path.rsplit("/", 1)[-1]
    message = f"{name!r} is not the name of a {to.product} file"
    outcome = Outcome(to.product, name, reason_code="bad_file_name", message=message)
    write_outcomes(connection, [outcome])
    return outcome


def _report(outcomes: Sequence[Outcome], n_skipped: int, to: Destination) -> None:
    """Print the refused files, the summary and the query that shows it."""
    failed = [outcome for outcome in outcomes if not outcome.is_ok]
    for outcome in failed[:20]:
        typer.echo(f"refused {outcome.file_name}: {outcome.message}", err=True)
    if len(failed) == len(outcomes):
        reasons = ", ".join(
            f"{n} {code}" for code, n in Counter(o.reason_code for o in failed).items()
        )
        raise CommandError(
            f"none of the {len(outcomes)} files could be used ({reasons}); see the messages above, or "
            f"from raw_outcomes where product = '{to.product}'"
        )
    n_taken = len(outcomes) - n_skipped - len(failed)
    n_rows = sum(outcome.n_rows or 0 for outcome in outcomes)
    typer.echo(
        f"{to.product}: {n_taken} files taken ({n_rows} rows), {n_skipped} unchanged, "
        f"{len(failed)} refused"
    )
    typer.echo(
        lake.how_to_look(
            f"from {to.table} limit 5; from raw_outcomes where product = '{to.product}'"
        )
    )


def forget_file(of: Destination, name: str, source: str | None) -> None:
    """Remove a file's rows and outcome, so that it may be taken again.

    Parameters
    ----------
    of : Destination
    name : str
        As it is in the lake.
    source : str or None
        The option ``--source``, which cannot be combined with ``--forget``.

    Raises
    ------
    CommandError
        When the lake has no such file; the message names some that it has.
    """
    if source is not None:
        raise CommandError(f"{of.product} takes either --source or --forget FILE")
    with closing(open_lake(must_exist=True)) as connection:
        known = _files(connection, of)
        if name not in known:
            more = f" and {len(known) - 20} more" if len(known) > 20 else ""
            there = f"only {', '.join(known[:20])}{more}" if known else "nor any other"
            raise CommandError(f"the lake has no {name!r} of {of.product}, {there}")
        with lake.transaction(connection):
            n_rows = delete_rows(connection, of.table, name)
            forget_outcome(connection, of.product, name)
    typer.echo(f"{of.product}: {n_rows} rows of {name} removed")
    query = f"select file_name, is_ok, n_rows from raw_outcomes where product = '{of.product}'"
    typer.echo(lake.how_to_look(query))


def _files(connection: duckdb.DuckDBPyConnection, of: Destination) -> list[str]:
    """List the files that were taken or refused, sorted."""
    column = RAW_TABLES[of.table][-1].name
    rows = connection.execute(
        f"select distinct {column} from {of.table} union"
        " select file_name from raw_outcomes where product = ? and file_name is not null"
        " order by all",
        [of.product],
    )
    return [name for (name,) in rows.fetchall()]
