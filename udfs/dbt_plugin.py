"""The dbt-duckdb plugin of the kernels.

Registers the functions that models call.
"""

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from udfs import provenance
from udfs.cutouts import sql as cutout_sql
from udfs.sky import groups, healpix
from udfs.statistics import intervals, normal


class Plugin(BasePlugin):
    """Registers every SQL function of this package."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register the functions on a new connection."""
        for module in (groups, cutout_sql, healpix, intervals, normal, provenance):
            module.register(conn)
