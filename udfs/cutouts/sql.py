"""What is measured on a cutout, as a function of SQL."""

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE, FLOAT, INTEGER

from udfs.cutouts.features import BANDS, FEATURES, cutout_features


def measured(pixels: pa.ChunkedArray, size: pa.ChunkedArray) -> pa.StructArray:
    """Measure the features of a batch of cutouts.

    Parameters
    ----------
    pixels : list of float32, nanomaggy
        Bands g, r, z of a square stamp, (band, y, x) unrolled.
    size : int, pixel
        Side of the stamps, the same in the whole batch.

    Returns
    -------
    struct of float64, one field per name in ``FEATURES``
        Null where a list has another length than its size asks for.
    """
    side = size[0].as_py() if len(size) else 1
    n_values = len(BANDS) * side * side
    lists = pixels.combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    is_whole = (lengths == n_values) & (size.to_numpy(zero_copy_only=False) == side)
    stamps = lists.filter(pa.array(is_whole)).flatten().to_numpy(zero_copy_only=False)
    features = np.full((len(lists), len(FEATURES)), np.nan)
    features[is_whole] = cutout_features(stamps.reshape(-1, len(BANDS), side, side))
    columns = [_null_where_nan(features[:, i]) for i in range(len(FEATURES))]
    return pa.StructArray.from_arrays(columns, names=list(FEATURES), mask=pa.array(~is_whole))


def _null_where_nan(values: np.ndarray) -> pa.Array:
    """Convert to Arrow, NaN to null."""
    return pa.array(values, mask=np.isnan(values))


SQL_FUNCTIONS = ("cutout_features",)


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``cutout_features(pixels, size)``."""
    connection.create_function(  # type: ignore[call-overload]  # its stubs know only scalar functions
        SQL_FUNCTIONS[0],
        measured,
        [duckdb.list_type(FLOAT), INTEGER],
        duckdb.struct_type(dict.fromkeys(FEATURES, DOUBLE)),
        type=PythonUDFType.ARROW,
        null_handling="special",
    )
