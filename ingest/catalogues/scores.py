"""Scores of lens finders into the lake, and out of it: ``python -m ingest scores FILE``.

A threshold at a false-positive rate is only as good as the scores of the galaxies without an arc,
so a file is taken whole or not at all.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from store import lake
from store.failures import CommandError

READERS = {".csv": "read_csv({file}, all_varchar = true)", ".parquet": "read_parquet({file})"}


@dataclass(frozen=True)
class ScoreTable:
    """Where scores go, what identifies a row, and where its names must be known."""

    table: str
    key: str
    known_in: str
    made_by: str


OF_TASKS = ScoreTable("finder_scores", "task_id", "injections", "dbt build --select injections")
OF_NEGATIVES = ScoreTable(
    "negative_scores", "galaxy_id", "negative_candidates", "dbt build --select pools"
)


def scores(
    file: Annotated[
        Path | None, typer.Argument(help="CSV or Parquet: task_id, finder, score.")
    ] = None,
    negatives: Annotated[
        bool,
        typer.Option("--negatives", help="Of real galaxies: galaxy_id, finder, score."),
    ] = False,
    forget: Annotated[
        str | None,
        typer.Option(metavar="FINDER", help="Remove the scores of a finder; takes no FILE."),
    ] = None,
) -> None:
    """Take scores of one or more finders; earlier scores of the same finders are replaced."""
    if (file is None) == (forget is None):
        raise CommandError("scores takes either a FILE or --forget FINDER")
    to = OF_NEGATIVES if negatives else OF_TASKS
    with closing(lake.connect(must_exist=True)) as connection:
        if forget is not None:
            typer.echo(f"scores: {forget_scores(connection, forget, to)} of {forget} removed")
        if file is not None:
            n_rows, finders = ingest_scores(connection, file, to)
            typer.echo(f"scores: {n_rows} of {', '.join(finders)}")
    typer.echo("look: dbt build --select completeness, then `from recovery_thresholds` in the lake")


def ingest_scores(
    connection: duckdb.DuckDBPyConnection, file: Path, to: ScoreTable
) -> tuple[int, list[str]]:
    """Check a file of scores and put them into the lake.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use.
    file : Path
    to : ScoreTable

    Returns
    -------
    (int, list of str)
        Rows taken, and the finders they are of.

    Raises
    ------
    CommandError
        When a column is missing, or a row is not finite, repeated, unknown, or a usable control has
        no score. It names the row or the column; the lake stays as it was.
    """
    _read(connection, file, to)
    _refuse_bad_rows(connection, file, to)
    _refuse_unknown(connection, file, to)
    if to is OF_TASKS:
        _refuse_missing_controls(connection, file)
    finders = [row[0] for row in _rows(connection, "select distinct finder from given order by 1")]
    _replace(connection, to)
    (n_rows,) = _rows(connection, "select count(*) from given")[0]
    return n_rows, finders


def forget_scores(connection: duckdb.DuckDBPyConnection, finder: str, to: ScoreTable) -> int:
    """Remove the scores of a finder from the lake, all or none.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use.
    finder : str
    to : ScoreTable

    Returns
    -------
    int
        Rows removed.

    Raises
    ------
    CommandError
        When the finder has no scores there; it names those that have.
    """
    known = _finders(connection, to)
    if finder not in known:
        there = f"only of {', '.join(known)}" if known else "nor of any other finder"
        raise CommandError(f"{to.table} has no scores of {finder!r}, {there}")
    (n_rows,) = connection.execute(f"delete from {to.table} where finder = ?", [finder]).fetchall()[
        0
    ]
    return int(n_rows)


def _finders(connection: duckdb.DuckDBPyConnection, to: ScoreTable) -> list[str]:
    """Finders that have scores in the lake; none when it has no such table."""
    try:
        rows = _rows(connection, f"select distinct finder from {to.table} order by 1")
    except duckdb.CatalogException:
        return []
    return [row[0] for row in rows]


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def _read(connection: duckdb.DuckDBPyConnection, file: Path, to: ScoreTable) -> None:
    """Make the temporary table `given`: row number, key, finder and score as given."""
    if not file.is_file():
        raise CommandError(f"{file}: no such file")
    if file.suffix not in READERS:
        raise CommandError(f"{file}: scores are read from {' or '.join(READERS)} files")
    reader = READERS[file.suffix].format(file=lake.sql_text(str(file)))
    try:
        found = {row[0] for row in _rows(connection, f"describe from {reader}")}
        wanted = (to.key, "finder", "score")
        if missing := [name for name in wanted if name not in found]:
            raise CommandError(f"{file}: no column {missing[0]!r}; it needs {', '.join(wanted)}")
        connection.execute(
            "create or replace temp table given as "
            f"select row_number() over () as row, {to.key} as key, finder, "
            f"score::varchar as score_text, try_cast(score as double) as score from {reader}"
        )
    except duckdb.Error as error:
        raise CommandError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from error


def _refuse(connection: duckdb.DuckDBPyConnection, query: str, file: Path, what: str) -> None:
    """Refuse the file when the query gives rows; `what` is filled in with its first one."""
    bad = connection.execute(f"{query} order by row")
    names = [column[0] for column in bad.description]
    if rows := bad.fetchall():
        first = dict(zip(names, rows[0], strict=True))
        more = f" ({len(rows)} such rows)" if len(rows) > 1 else ""
        raise CommandError(f"{file}, row {first['row']}: {what.format(**first)}{more}")


def _refuse_bad_rows(connection: duckdb.DuckDBPyConnection, file: Path, to: ScoreTable) -> None:
    if not _rows(connection, "select 1 from given limit 1"):
        raise CommandError(f"{file}: no rows")
    for column, name in (("key", to.key), ("finder", "finder")):
        empty = f"select row from given where coalesce({column}, '') = ''"
        _refuse(connection, empty, file, f"{name} is empty")
    not_finite = "select * from given where not coalesce(isfinite(score), false)"
    _refuse(connection, not_finite, file, "the score of {key} by {finder} is {score_text}")
    repeated = (
        "select *, first_value(row) over (partition by key, finder order by row) as first_row "
        "from given qualify row != first_row"
    )
    _refuse(connection, repeated, file, "{key} by {finder} has a score already, in row {first_row}")


def _refuse_unknown(connection: duckdb.DuckDBPyConnection, file: Path, to: ScoreTable) -> None:
    try:
        unknown = f"select * from given anti join {to.known_in} as k on given.key = k.{to.key}"
        _refuse(connection, unknown, file, f"{{key}} is not a {to.key} of {to.known_in}")
    except duckdb.CatalogException as error:
        raise CommandError(f"the lake has no {to.known_in}: run `{to.made_by}` first") from error


def _refuse_missing_controls(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Every usable control of an experiment that a finder scored must have its score."""
    query = """
        with
        scored as (
            select given.finder, injections.*
            from given inner join injections on given.key = injections.task_id
        ),
        wanted as (
            select distinct scored.finder, c.experiment_id, c.render_id, c.task_id
            from injections as c
            inner join (select distinct finder, experiment_id from scored) as scored
                on c.experiment_id = scored.experiment_id
            where c.is_control and c.cutout_ok
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
        select distinct given.finder, i.experiment_id
        from given
        inner join injections as i on given.key = i.task_id
        where i.experiment_id not in (
            select experiment_id from injections where is_control and cutout_ok
        )
        order by all
    """
    for finder, experiment in _rows(connection, no_controls):
        raise CommandError(
            f"{file}: {finder} scored tasks of {experiment}, which has no usable control to set a "
            "threshold with"
        )


def _replace(connection: duckdb.DuckDBPyConnection, to: ScoreTable) -> None:
    """Put the scores in place of earlier ones of the same finders, all or none."""
    connection.execute("begin")
    try:
        connection.execute(
            f"create table if not exists {to.table} ({to.key} varchar, finder varchar, score double)"
        )
        connection.execute(f"delete from {to.table} where finder in (select finder from given)")
        connection.execute(f"insert into {to.table} select key, finder, score from given")
        connection.execute("commit")
    except duckdb.Error:
        connection.execute("rollback")
        raise
