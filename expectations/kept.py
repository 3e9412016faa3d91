"""Results that still hold, known by a digest of what each looked at.

A suite reads its table and others, through views and table macros too. DuckLake knows the last
snapshot that touched a table, so a result holds while these snapshots, the rules, their settings
and the code of the rules are the same.
"""

import hashlib
import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path

import duckdb

from expectations.independent.coadd_pixels import FUNCTION as COADD_PIXELS
from expectations.suite import Suite

FILES_TABLE = "raw_outcomes"  # is written whenever a command changes a file of the coadd cache


class Lake:
    """The tables of a lake at one time, and what its views are made of.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    database : str
        A DuckLake that is attached.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: str = "lake") -> None:
        self.versions = _table_versions(connection, database)
        self.texts = _definitions(connection, database)

    def tables(self) -> set[str]:
        """Name the tables and views, and the table macros beside them."""
        return self.versions.keys() | self.texts.keys()

    def basis(self, suite: Suite) -> str:
        """Digest all that the result of a suite depends on."""
        rules = json.dumps(asdict(suite))
        queries = [suite.query(check) for check in suite.all_checks()]
        names = self._read_by(" ".join([*queries, suite.empty_unless, suite.table]))
        found = {name: self.versions.get(name, self.texts.get(name)) for name in sorted(names)}
        return hashlib.sha256(json.dumps([rules, found, _code()]).encode()).hexdigest()

    def _read_by(self, text: str) -> set[str]:
        """Name all tables, views and macros that a query depends on."""
        found: set[str] = set()
        waiting = [text]
        while waiting:
            words = set(re.findall(r"\w+", waiting.pop()))
            if COADD_PIXELS in words:
                words.add(FILES_TABLE)
            new = (words & (self.versions.keys() | self.texts.keys())) - found
            found |= new
            waiting += [self.texts[name] for name in new & self.texts.keys()]
        return found


def _table_versions(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, str]:
    """Give every table its identity, files and last snapshot.

    Snapshots that were expired are not known any more; the files still tell a change.
    """
    changes = connection.execute(
        f"select snapshot_id, map_values(changes) from {database}.snapshots()"
    ).fetchall()
    last = {
        table_id: snapshot
        for snapshot, lists in sorted(changes)
        for ids in lists
        for table_id in ids
    }
    tables = connection.execute(
        "select table_name, table_id, concat_ws(' ', table_uuid, file_count, file_size_bytes,"
        " delete_file_count, delete_file_size_bytes) from ducklake_table_info(?)",
        [database],
    ).fetchall()
    return {name: f"{files} {last.get(str(table_id))}" for name, table_id, files in tables}


def _definitions(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, str]:
    """Give every view and every table macro its text."""
    return dict(
        connection.execute(
            "select view_name, sql from duckdb_views() where database_name = $name"
            " union all select function_name, macro_definition from duckdb_functions()"
            " where database_name = $name and macro_definition is not null",
            {"name": database},
        ).fetchall()
    )


@cache
def _code() -> str:
    """Digest the modules of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
