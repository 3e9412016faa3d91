"""Make part files rows of a lake table, where they are: nothing is copied.

Files are added to and taken out of one table that stays. Making the table anew would leave the same
file in two tables, and the lake's clean-up of the older one would delete it.
"""

from collections.abc import Iterable

import duckdb

from store import files as lake_files
from store.lake import sql_text

CATALOGUE = "lake"
FILES_PER_CALL = 1_000


def register_files(
    session: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, str] | None,
    wanted: Iterable[str],
) -> None:
    """Let a lake table hold the rows of these files and no others.

    Parameters
    ----------
    session : duckdb.DuckDBPyConnection
        With the lake attached as ``lake``; the change is part of its transaction.
    table : str
        Name of the table in the schema ``main``, made when it is not there.
    columns : dict of str to str, or None
        Its columns and their SQL types; hive partitions in the paths are columns. None: those of
        the first file, and there must be one; a table with other columns is made anew, for then
        none of its files is wanted any more.
    wanted : iterable of str
        Absolute paths, or URLs. Local files of a lake in an object store are copied there.
    """
    wanted = sorted(lake_files.in_lake(path) for path in wanted)
    name = f"{CATALOGUE}.main.{table}"
    registered = _registered(session, table)
    is_moved = not all(lake_files.exists(path) for path in registered)  # as a lake's folder may be
    is_changed = False
    if columns is None:
        columns = _columns(session, f"read_parquet({sql_text(wanted[0])})")
        is_changed = bool(registered) and _columns(session, name) != columns
    if is_moved or is_changed:
        session.execute(f"drop table {name}")
        registered = []
    definition = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    session.execute(f"create table if not exists {name} ({definition})")
    outdated = ", ".join(sql_text(path) for path in sorted(set(registered) - set(wanted)))
    if outdated:
        session.execute(f"delete from {name} where filename in ({outdated})")
    _add(session, table, [path for path in wanted if path not in set(registered)])


def _columns(session: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Return the columns of a table or table function and their types."""
    return {row[0]: row[1].lower() for row in session.execute(f"describe from {source}").fetchall()}


def _registered(session: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the paths of the files that have rows in the table now."""
    is_there = session.execute(
        "select count(*) from duckdb_tables() where database_name = ? and table_name = ?",
        [CATALOGUE, table],
    ).fetchone()
    if is_there == (0,):
        return []
    rows = session.execute(
        f"select data_file from ducklake_list_files({sql_text(CATALOGUE)}, {sql_text(table)})"
    )
    return [row[0] for row in rows.fetchall()]


def _add(session: duckdb.DuckDBPyConnection, table: str, paths: list[str]) -> None:
    for start in range(0, len(paths), FILES_PER_CALL):
        files = ", ".join(sql_text(path) for path in paths[start : start + FILES_PER_CALL])
        session.execute(
            f"call ducklake_add_data_files({sql_text(CATALOGUE)}, {sql_text(table)}, [{files}], "
            "hive_partitioning => true)"
        )
