"""The dbt-duckdb plugin: opens the lake and gives SQL our functions."""

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from expectations import dbt_test
from ingest import lake
from ingest.workers import chosen_workers
from udfs import components, cutout_sql, healpix, intervals, normal, provenance

# Catalogue stages hold at any size within this; what does not fit is sorted and joined on disk.
MEMORY_VARIABLE, DEFAULT_MEMORY = "DHS_MEMORY", "5GB"


def limit_resources(connection: DuckDBPyConnection) -> None:
    """Keep DuckDB within the memory and cores allowed; what overflows goes beside a local lake."""
    memory = os.environ.get(MEMORY_VARIABLE, DEFAULT_MEMORY)
    connection.execute(f"set memory_limit = {lake.sql_text(memory)}")
    if workers := chosen_workers():
        connection.execute(f"set threads = {workers}")
    if not lake.is_remote(lake.lake_root()):
        connection.execute(f"set temp_directory = {lake.sql_text(lake.lake_path('tmp'))}")


class Plugin(BasePlugin):
    """Attaches the lake before dbt does, and registers the functions that models call."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        lake.attach(conn)
        limit_resources(conn)
        components.register(conn)
        cutout_sql.register(conn)
        healpix.register(conn)
        intervals.register(conn)
        normal.register(conn)
        provenance.register(conn)
        dbt_test.register(conn)
