"""The dbt-duckdb plugin: opens the lake and gives SQL our functions."""

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from expectations import dbt_test
from ingest import lake
from udfs import components, healpix, intervals, normal, provenance


class Plugin(BasePlugin):
    """Attaches the lake before dbt does, and registers the functions that models call."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        lake.attach(conn)
        components.register(conn)
        healpix.register(conn)
        intervals.register(conn)
        normal.register(conn)
        provenance.register(conn)
        dbt_test.register(conn)
