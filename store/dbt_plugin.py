"""The dbt-duckdb plugin: attach the lake, limit DuckDB, offer functions."""

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from store import lake, project
from store.workers import chosen_workers

# Enough for catalogue stages of any size: sorts and joins that need more spill to the disk.
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
    """Attaches the lake before dbt does; must be the profile's first plugin."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Make a new connection of dbt ready for the project."""
        lake.attach(conn)
        limit_resources(conn)
        project.register(conn)
        conn.create_function("how_to_look", lake.how_to_look, [VARCHAR], VARCHAR)
