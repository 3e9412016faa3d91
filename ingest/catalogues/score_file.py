"""A file of scores: read into a temporary table, its rows checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from store import lake
from store.failures import CommandError

READERS = {".csv": "read_csv({file}, all_varchar = true)", ".parquet": "read_parquet({file})"}


@dataclass(frozen=True)
class Kind:
    """A kind of object that has scores.

    Parameters
    ----------
    key : str
        Column that identifies an object of this kind.
    known_in : str
        Table that must contain the object.
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


def any_kind() -> str:
    """Return the kinds as a list in words."""
    *first, last = KINDS
    return f"{', '.join(first)} or {last}"


def earlier_form(connection: duckdb.DuckDBPyConnection, file: Path) -> str | None:
    """Return the key column of a file in an earlier form, else None."""
    found = _columns(connection, file)
    if "object_id" in found:
        return None
    return next((column for column in EARLIER_COLUMNS if column in found), None)


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    """Return the rows of a query."""
    return connection.execute(query).fetchall()


def _reader(file: Path) -> str:
    """Return the SQL that reads a file."""
    if not file.is_file():
        raise CommandError(f"{file}: no such file")
    if file.suffix not in READERS:
        raise CommandError(f"{file}: scores are read from {' or '.join(READERS)} files")
    return READERS[file.suffix].format(file=lake.sql_text(str(file)))


def _cannot_be_read(file: Path, error: duckdb.Error) -> CommandError:
    """Return the error for a file that DuckDB cannot read."""
    return CommandError(f"{file}: cannot be read: {str(error).splitlines()[0]}")


def _columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """Return the names of a file's columns."""
    reader = _reader(file)
    try:
        return [row[0] for row in rows_of(connection, f"describe from {reader}")]
    except duckdb.Error as error:
        raise _cannot_be_read(file, error) from error


def read_scores(connection: duckdb.DuckDBPyConnection, file: Path, kind: str | None) -> None:
    """Read the rows of a file into the temporary table `given`."""
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
    """Refuse the file if the query returns rows; the first fills `what`."""
    bad = connection.execute(f"{query} order by row")
    names = [column[0] for column in bad.description]
    if rows := bad.fetchall():
        first = dict(zip(names, rows[0], strict=True))
        more = f" ({len(rows)} such rows)" if len(rows) > 1 else ""
        raise CommandError(f"{file}, row {first['row']}: {what.format(**first)}{more}")


def refuse_bad_rows(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Refuse rows without an id, finder or finite score, or that repeat."""
    if not rows_of(connection, "select 1 from given limit 1"):
        raise CommandError(f"{file}: no rows")
    for column, name in (("key", "the object's id"), ("finder", "finder")):
        empty = f"select row from given where coalesce({column}, '') = ''"
        _refuse(connection, empty, file, f"{name} is empty")
    odd = f"select * from given where (kind in ({_listed(KINDS)})) is not true"
    _refuse(connection, odd, file, f"object_kind is {{kind}}: it must be {any_kind()}")
    not_finite = "select * from given where not coalesce(isfinite(score), false)"
    _refuse(connection, not_finite, file, "the score of {key} by {finder} is {score_text}")
    repeated = (
        "select *, first_value(row) over (partition by kind, key, finder order by row) as first_row "
        "from given qualify row != first_row"
    )
    _refuse(connection, repeated, file, "{key} by {finder} has a score already, in row {first_row}")


def _listed(names: Iterable[str]) -> str:
    """Return names as a list of SQL literals."""
    return ", ".join(lake.sql_text(name) for name in names)


def refuse_unknown(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    """Refuse objects of a kind that the lake does not have."""
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


def refuse_missing_controls(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Refuse a finder that left out usable controls of an experiment."""
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
    for finder, experiment, n_controls, n_scored, first in rows_of(connection, query):
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
    for finder, experiment in rows_of(connection, no_controls):
        raise CommandError(
            f"{file}: {finder} scored tasks of {experiment}, which has no usable control to set a "
            "threshold with"
        )
