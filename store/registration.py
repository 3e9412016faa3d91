"""Register part files as rows of a lake table, without copying them.

Files are added to one lasting table and removed from it. Making the table again would leave a file
in two tables, and when the lake cleans up the older one it would delete the file.
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
    """Make a lake table hold the rows of these files and no others.

    Parameters
    ----------
    session : duckdb.DuckDBPyConnection
        With the lake attached as ``lake``; the change is part of its transaction.
    table : str
        Name of the table in the schema ``main``; made if it is missing.
    columns : dict of str to str, or None
        Its columns and their SQL types; hive partitions in the paths are columns. None for those
        of the first file, of which there must be one; a table with other columns is then made
        again, since none of its files is wanted any more.
    wanted : iterable of str
        Absolute paths, or URLs. Local files of a lake in an object store are copied there.
    """
    wanted = sorted(lake_files.in_lake(path) for path in wanted)
    name = f"{CATALOGUE}.main.{table}"
    registered = _registered(session, table)
    is_moved = not all(
        lake_files.exists(path) for path in registered
    )  # the whole lake may have moved
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
    """Add files to the table, many in one call."""
    for start in range(0, len(paths), FILES_PER_CALL):
        files = ", ".join(sql_text(path) for path in paths[start : start + FILES_PER_CALL])
        session.execute(
            f"call ducklake_add_data_files({sql_text(CATALOGUE)}, {sql_text(table)}, [{files}], "
            "hive_partitioning => true)"
        )
