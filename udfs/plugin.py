"""The dbt-duckdb plugin: opens the lake and gives SQL our functions."""

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from ingest import lake


class Plugin(BasePlugin):
    """Attaches the lake before dbt does, and registers the functions that models call."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        lake.attach(conn)
