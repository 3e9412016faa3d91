"""Scores of lens finders, into the lake and out of it.

A threshold at a false-positive rate is only as good as the scores of the galaxies without an arc,
so a file is taken whole or not at all.
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from ingest.catalogues.run import open_lake
from ingest.catalogues.score_file import (
    EARLIER_COLUMNS,
    KINDS,
    any_kind,
    earlier_form,
    read_scores,
    refuse_bad_rows,
    refuse_missing_controls,
    refuse_unknown,
    rows_of,
)
from store.failures import CommandError
from store.lake import how_to_look, transaction

TABLE = "raw_finder_scores"


EARLIER_TABLES = {"finder_scores": "task", "negative_scores": "galaxy"}
# Scores of a task and of its render are about the same stamp, so they replace each other.
SHARED_PLACE = "if({kind} = 'render', 'task', {kind})"

KindOption = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help=f"What the scores are of ({', '.join(KINDS)}), for a FILE without object_kind; "
        "with --forget: only these.",
    ),
]


def scores(
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV or Parquet: object_kind, object_id, finder, score."),
    ] = None,
    kind: KindOption = None,
    forget: Annotated[
        str | None,
        typer.Option(metavar="FINDER", help="Remove the scores of a finder; takes no FILE."),
    ] = None,
    negatives: Annotated[bool, typer.Option("--negatives", hidden=True)] = False,
) -> None:
    """Take scores of finders, whatever they are of.

    object_kind says what a score is of: `task` (task_id) or `render` (render_id) of injections;
    `galaxy` (galaxy_id) of negative_candidates, a galaxy without an arc that counts in thresholds;
    `cutout` (galaxy_id) of training_sample, which the finder may have learned from. Earlier scores
    of the same finders for the same kind of object are replaced. Without FILE the command lists
    what the lake has.
    """
    if file is not None and forget is not None:
        raise CommandError("scores takes either a FILE or --forget FINDER")
    if kind is not None and kind not in KINDS:
        raise CommandError(f"--kind {kind}: it must be {any_kind()}")
    kind = kind or ("galaxy" if negatives else None)
    with closing(open_lake(must_exist=True)) as connection:
        for line in move_earlier_tables(connection):
            typer.echo(f"scores: {line}")
        if forget is not None:
            typer.echo(f"scores: {forget_scores(connection, forget, kind)} of {forget} removed")
        elif file is not None:
            _take(connection, file, kind)
        else:
            _list_finders(connection)
    typer.echo(how_to_look(f"select finder, object_kind, count(*) from {TABLE} group by all"))


def _take(connection: duckdb.DuckDBPyConnection, file: Path, kind: str | None) -> None:
    """Take a file; print its contents and which stages use them."""
    if form := earlier_form(connection, file):
        typer.echo(
            f"scores: {file} has the form of earlier versions ({form}, finder, score): read as "
            f"object_kind {kind or EARLIER_COLUMNS[form]}"
        )
    n_rows, finders, kinds = ingest_scores(connection, file, kind)
    stages = sorted({KINDS[name].read_by for name in kinds})
    typer.echo(
        f"scores: {n_rows} of {', '.join(finders)} ({', '.join(kinds)}); "
        f"dbt build --select {' '.join(stages)} uses them"
    )


def _list_finders(connection: duckdb.DuckDBPyConnection) -> None:
    """Print which finders have how many scores of what."""
    found = rows_of(
        connection,
        f"select finder, object_kind, count(*) from {TABLE} group by all order by all",
    )
    for finder, kind, n_rows in found:
        typer.echo(f"scores: {finder} has {n_rows} of kind {kind}")
    if not found:
        typer.echo("scores: none in the lake yet")


def move_earlier_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Move scores from the tables of earlier versions into today's table.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use.

    Returns
    -------
    list of str
        A sentence per table that was moved.
    """
    here = {row[0] for row in rows_of(connection, "show tables")}
    moved = []
    for table in sorted(here & EARLIER_TABLES.keys()):
        kind = EARLIER_TABLES[table]
        with transaction(connection):
            (n_rows,) = connection.execute(
                f"insert into {TABLE} select ?, {KINDS[kind].key}, finder, score, ? from {table}",
                [kind, table],
            ).fetchall()[0]
            connection.execute(f"drop table {table}")
        moved.append(f"{n_rows} moved from {table}, the table of earlier versions, to {TABLE}")
    return moved


def ingest_scores(
    connection: duckdb.DuckDBPyConnection, file: Path, kind: str | None = None
) -> tuple[int, list[str], list[str]]:
    """Check a file of scores and put them into the lake.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use, and its raw tables made.
    file : Path
    kind : str, optional
        What the scores are of, where the file does not say.

    Returns
    -------
    (int, list of str, list of str)
        Rows taken, the finders they are by, and the kinds of objects they are of.

    Raises
    ------
    CommandError
        When a column is missing, a score is not finite, repeated or of an unknown object, or a
        usable control has no score. The message names the row or column; the lake is unchanged.
    """
    read_scores(connection, file, kind)
    refuse_bad_rows(connection, file)
    kinds = [row[0] for row in rows_of(connection, "select distinct kind from given order by 1")]
    for name in kinds:
        refuse_unknown(connection, file, name)
    if {"task", "render"} & set(kinds):
        refuse_missing_controls(connection, file)
    finders = [
        row[0] for row in rows_of(connection, "select distinct finder from given order by 1")
    ]
    _replace(connection, file)
    (n_rows,) = rows_of(connection, "select count(*) from given")[0]
    return n_rows, finders, kinds


def forget_scores(
    connection: duckdb.DuckDBPyConnection, finder: str, kind: str | None = None
) -> int:
    """Remove the scores of a finder from the lake, all or nothing.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use.
    finder : str
    kind : str, optional
        Only scores of this kind of object.

    Returns
    -------
    int
        Rows removed.

    Raises
    ------
    CommandError
        When the finder has no scores there; the message names those that have.
    """
    which = "coalesce(object_kind = ?, true)"
    query = f"select distinct finder from {TABLE} where {which} order by 1"
    known = [row[0] for row in connection.execute(query, [kind]).fetchall()]
    if finder not in known:
        there = f"only of {', '.join(known)}" if known else "nor of any other finder"
        of = f" of kind {kind}" if kind else ""
        raise CommandError(f"{TABLE} has no scores{of} of {finder!r}, {there}")
    deleted = connection.execute(
        f"delete from {TABLE} where finder = ? and {which}", [finder, kind]
    ).fetchall()
    return int(deleted[0][0])


def _replace(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Put scores in place of earlier ones of the finders, all or nothing.

    A finder has scores of tasks or of renders, so that either replaces both.
    """
    of_raw, of_given = (SHARED_PLACE.format(kind=kind) for kind in ("object_kind", "kind"))
    with transaction(connection):
        connection.execute(
            f"delete from {TABLE} where (finder, {of_raw}) in (select finder, {of_given} from given)"
        )
        connection.execute(
            f"insert into {TABLE} select kind, key, finder, score, ? from given", [str(file)]
        )
