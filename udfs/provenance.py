"""Which code a SQL statement depends on.

For deciding whether a model has to be built again.
"""

from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from udfs.code_digest import digest_of_code
from udfs.cutouts import sql as cutout_sql
from udfs.sky import groups, healpix
from udfs.statistics import intervals, normal

SQL_MODULES = (groups, cutout_sql, healpix, intervals, normal)


def python_digest(sql: str) -> str:
    """Digest the code behind the Python functions that a statement calls."""
    called = [
        module.__name__
        for module in SQL_MODULES
        if any(name in sql for name in module.SQL_FUNCTIONS)
    ]
    return digest_of_code(*called)


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``python_digest(sql)``."""
    connection.create_function("python_digest", python_digest, [VARCHAR], VARCHAR)
