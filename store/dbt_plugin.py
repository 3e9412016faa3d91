"""The dbt-duckdb plugin of the lake: attaches it, limits DuckDB, checks the vars."""

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from store import lake, project
from store.workers import chosen_workers

# Catalogue stages hold at any size within this; what does not fit is sorted and joined on disk.
MEMORY_VARIABLE, DEFAULT_MEMORY = "DHS_MEMORY", "5GB"


def limit_resources(connection: DuckDBPyConnection) -> None:
    """Keep DuckDB within the memory and cores allowed, spilling to the lake."""
    memory = os.environ.get(MEMORY_VARIABLE, DEFAULT_MEMORY)
    connection.execute(f"set memory_limit = {lake.sql_text(memory)}")
    if workers := chosen_workers():
        connection.execute(f"set threads = {workers}")
    if not lake.is_remote(lake.lake_root()):
        connection.execute(f"set temp_directory = {lake.sql_text(lake.lake_path('tmp'))}")


class Plugin(BasePlugin):
    """Attaches the lake before dbt does, so it must be the first plugin of the profile."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        lake.attach(conn)
        limit_resources(conn)
        project.register(conn)
        conn.create_function("how_to_look", lake.how_to_look, [VARCHAR], VARCHAR)
