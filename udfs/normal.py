"""The normal distribution for SQL, which DuckDB lacks."""

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE
from scipy.special import ndtr


def _sql_normal_cdf(x: pa.Array) -> pa.Array:
    return pa.array(ndtr(x.to_numpy(zero_copy_only=False)))


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``normal_cdf(x)``, the standard normal distribution function."""
    connection.create_function(
        "normal_cdf", _sql_normal_cdf, [DOUBLE], DOUBLE, type=PythonUDFType.ARROW
    )
