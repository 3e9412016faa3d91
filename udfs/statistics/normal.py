"""The normal distribution for SQL, which DuckDB lacks."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE, DuckDBPyType
from scipy.special import ndtr, ndtri


def _sql_normal_cdf(x: pa.Array) -> pa.Array:
    return pa.array(ndtr(x.to_numpy(zero_copy_only=False)))


def _sql_normal_quantile(probability: pa.Array) -> pa.Array:
    return pa.array(ndtri(probability.to_numpy(zero_copy_only=False)))


SQL_FUNCTIONS: dict[str, tuple[Callable[..., pa.Array], list[Any], DuckDBPyType]] = {
    "normal_cdf": (_sql_normal_cdf, [DOUBLE], DOUBLE),
    "normal_quantile": (_sql_normal_quantile, [DOUBLE], DOUBLE),
}


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``normal_cdf(x)`` and its inverse ``normal_quantile(p)``."""
    for name, (function, parameters, result) in SQL_FUNCTIONS.items():
        connection.create_function(name, function, parameters, result, type=PythonUDFType.ARROW)
