"""Scores of lens finders into the lake, and out of it: ``python -m ingest scores FILE``.

A threshold at a false-positive rate is only as good as the scores of the galaxies without an arc,
so a file is taken whole or not at all.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from ingest.catalogues.run import open_lake, show_how
from store import lake
from store.failures import CommandError
from store.lake import transaction

TABLE = "raw_finder_scores"
READERS = {".csv": "read_csv({file}, all_varchar = true)", ".parquet": "read_parquet({file})"}


@dataclass(frozen=True)
class Kind:
    """What a score can be of.

    Parameters
    ----------
    key : str
        Column that identifies such an object.
    known_in : str
        Table in which it must be.
    made_by : str
        Stage that makes that table.
    read_by : str
        Stage that uses the scores.
    """

    key: str
    known_in: str
    made_by: str
    read_by: str


KINDS = {
    "task": Kind("task_id", "injections", "injections", "completeness"),
    "render": Kind("render_id", "injections", "injections", "completeness"),
    "galaxy": Kind("galaxy_id", "negative_candidates", "pools", "completeness"),
    "cutout": Kind("galaxy_id", "training_sample", "pools", "finder"),
}
EARLIER_COLUMNS = {"task_id": "task", "galaxy_id": "galaxy"}
EARLIER_TABLES = {"finder_scores": "task", "negative_scores": "galaxy"}
# A finder scores tasks or renders: both say the same of a stamp.
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
    """Take scores of finders, whatever they are of; without FILE list those in the lake.

    object_kind says what a score is of: `task` (task_id) or `render` (render_id) of injections;
    `galaxy` (galaxy_id) of negative_candidates, a galaxy without an arc that counts in thresholds;
    `cutout` (galaxy_id) of training_sample, which the finder may have learned from. Earlier scores
    of the same finders for the same kind of object are replaced.
    """
    if file is not None and forget is not None:
        raise CommandError("scores takes either a FILE or --forget FINDER")
    if kind is not None and kind not in KINDS:
        raise CommandError(f"--kind {kind}: it must be {_any_kind()}")
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
    show_how(f"select finder, object_kind, count(*) from {TABLE} group by all")


def _take(connection: duckdb.DuckDBPyConnection, file: Path, kind: str | None) -> None:
    """Take a file and print what it held and which stages use it."""
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
    found = _rows(
        connection,
        f"select finder, object_kind, count(*) from {TABLE} group by all order by all",
    )
    for finder, kind, n_rows in found:
        typer.echo(f"scores: {finder} has {n_rows} of kind {kind}")
    if not found:
        typer.echo("scores: none in the lake yet")


def move_earlier_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Move scores from the tables of earlier versions into the one of today.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use.

    Returns
    -------
    list of str
        A sentence per table that was moved.
    """
    here = {row[0] for row in _rows(connection, "show tables")}
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


def earlier_form(connection: duckdb.DuckDBPyConnection, file: Path) -> str | None:
    """Return the column that identifies objects in a file of an earlier form, else None."""
    found = _columns(connection, file)
    if "object_id" in found:
        return None
    return next((column for column in EARLIER_COLUMNS if column in found), None)


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
        When a column is missing, or a row is not finite, repeated, unknown, or a usable control has
        no score. It names the row or the column; the lake stays as it was.
    """
    _read(connection, file, kind)
    _refuse_bad_rows(connection, file)
    kinds = [row[0] for row in _rows(connection, "select distinct kind from given order by 1")]
    for name in kinds:
        _refuse_unknown(connection, file, name)
    if {"task", "render"} & set(kinds):
        _refuse_missing_controls(connection, file)
    finders = [row[0] for row in _rows(connection, "select distinct finder from given order by 1")]
    _replace(connection, file)
    (n_rows,) = _rows(connection, "select count(*) from given")[0]
    return n_rows, finders, kinds


def forget_scores(
    connection: duckdb.DuckDBPyConnection, finder: str, kind: str | None = None
) -> int:
    """Remove the scores of a finder from the lake, all or none.

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
        When the finder has no scores there; it names those that have.
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


def _any_kind() -> str:
    *first, last = KINDS
    return f"{', '.join(first)} or {last}"


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def _reader(file: Path) -> str:
    """Return the SQL that reads a file."""
    if not file.is_file():
        raise CommandError(f"{file}: no such file")
    if file.suffix not in READERS:
        raise CommandError(f"{file}: scores are read from {' or '.join(READERS)} files")
    return READERS[file.suffix].format(file=lake.sql_text(str(file)))


def _cannot_be_read(file: Path, error: duckdb.Error) -> CommandError:
    return CommandError(f"{file}: cannot be read: {str(error).splitlines()[0]}")


def _columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """Return the names of a file's columns."""
    reader = _reader(file)
    try:
        return [row[0] for row in _rows(connection, f"describe from {reader}")]
    except duckdb.Error as error:
        raise _cannot_be_read(file, error) from error


def _read(connection: duckdb.DuckDBPyConnection, file: Path, kind: str | None) -> None:
    """Make the temporary table `given`: row number, kind, key, finder and score as given."""
    found = _columns(connection, file)
    key = earlier_form(connection, file) or "object_id"
    kind = kind or EARLIER_COLUMNS.get(key)
    wanted = ("object_kind", "object_id", "finder", "score")
    asked_for = (key, "finder", "score") if kind else wanted
    if missing := [name for name in asked_for if name not in found]:
        raise CommandError(f"{file}: no column {missing[0]!r}; it needs {', '.join(wanted)}")
    its_kind = "object_kind" if "object_kind" in found else lake.sql_text(str(kind))
    try:
        connection.execute(
            "create or replace temp table given as "
            f"select row_number() over () as row, {its_kind}::varchar as kind, {key}::varchar as key, "
            "finder::varchar as finder, score::varchar as score_text, "
            f"try_cast(score as double) as score from {_reader(file)}"
        )
    except duckdb.Error as error:
        raise _cannot_be_read(file, error) from error


def _refuse(connection: duckdb.DuckDBPyConnection, query: str, file: Path, what: str) -> None:
    """Refuse the file when the query gives rows; `what` is filled in with its first one."""
    bad = connection.execute(f"{query} order by row")
    names = [column[0] for column in bad.description]
    if rows := bad.fetchall():
        first = dict(zip(names, rows[0], strict=True))
        more = f" ({len(rows)} such rows)" if len(rows) > 1 else ""
        raise CommandError(f"{file}, row {first['row']}: {what.format(**first)}{more}")


def _refuse_bad_rows(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    if not _rows(connection, "select 1 from given limit 1"):
        raise CommandError(f"{file}: no rows")
    for column, name in (("key", "the object's id"), ("finder", "finder")):
        empty = f"select row from given where coalesce({column}, '') = ''"
        _refuse(connection, empty, file, f"{name} is empty")
    odd = f"select * from given where (kind in ({_listed(KINDS)})) is not true"
    _refuse(connection, odd, file, f"object_kind is {{kind}}: it must be {_any_kind()}")
    not_finite = "select * from given where not coalesce(isfinite(score), false)"
    _refuse(connection, not_finite, file, "the score of {key} by {finder} is {score_text}")
    repeated = (
        "select *, first_value(row) over (partition by kind, key, finder order by row) as first_row "
        "from given qualify row != first_row"
    )
    _refuse(connection, repeated, file, "{key} by {finder} has a score already, in row {first_row}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(lake.sql_text(name) for name in names)


def _refuse_unknown(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    kind = KINDS[name]
    try:
        unknown = (
            f"select * from given anti join {kind.known_in} as known on given.key = known.{kind.key}"
            f" where kind = '{name}'"
        )
        _refuse(connection, unknown, file, f"{{key}} is not a {kind.key} of {kind.known_in}")
    except duckdb.CatalogException as error:
        raise CommandError(
            f"the lake has no {kind.known_in}: run `dbt build --select {kind.made_by}` first"
        ) from error


def _refuse_missing_controls(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Refuse a finder that did not score every usable control of an experiment that it scored."""
    both = (
        "select finder, min(row) as row from given where kind in ('task', 'render') "
        "group by finder having count(distinct kind) > 1"
    )
    _refuse(connection, both, file, "{finder} scored tasks and renders: give one of the two")
    connection.execute(
        """
        create or replace temp table scored as
        select given.finder, injections.experiment_id, injections.render_id
        from given inner join injections on given.key = injections.task_id
        where given.kind = 'task'
        union all
        select given.finder, injections.experiment_id, injections.render_id
        from given inner join injections on given.key = injections.render_id
        where given.kind = 'render'
        """
    )
    query = """
        with
        wanted as (
            select distinct scored.finder, controls.experiment_id, controls.render_id, controls.task_id
            from injections as controls
            inner join (select distinct finder, experiment_id from scored) as scored
                on controls.experiment_id = scored.experiment_id
            where controls.is_control and controls.cutout_ok
        )
        select
            wanted.finder,
            wanted.experiment_id,
            count(distinct wanted.render_id) as n_controls,
            count(distinct scored.render_id) as n_scored,
            min(wanted.task_id) filter (where scored.render_id is null) as first_missing
        from wanted
        left join scored using (finder, experiment_id, render_id)
        group by all
        having n_scored < n_controls
        order by all
    """
    for finder, experiment, n_controls, n_scored, first in _rows(connection, query):
        raise CommandError(
            f"{file}: {finder} scored {n_scored} of the {n_controls} usable controls of "
            f"{experiment}, and thresholds need all; the first without a score is task {first}"
        )
    no_controls = """
        select distinct finder, experiment_id
        from scored
        where experiment_id not in (
            select experiment_id from injections where is_control and cutout_ok
        )
        order by all
    """
    for finder, experiment in _rows(connection, no_controls):
        raise CommandError(
            f"{file}: {finder} scored tasks of {experiment}, which has no usable control to set a "
            "threshold with"
        )


def _replace(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Put the scores in place of earlier ones of the same finders, all or none.

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
