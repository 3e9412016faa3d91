"""FITS binary tables to Arrow: mapped chunks, one column at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits

from pixels.cards import Hdu, map_file, read_hdus
from store.failures import FileRefused

CHUNK_ROWS = 65_536  # 33 MB of a DR10 sweep (505 bytes a row)
MAX_COLUMNS = 999  # FITS standard 4.0, section 7.2.1

SQL_TYPES = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "varchar": pa.string(),
    "float[]": pa.list_(pa.float32()),
    "integer[]": pa.list_(pa.int32()),
    "smallint[]": pa.list_(pa.int16()),
}


@dataclass(frozen=True)
class Column:
    """A column that we keep.

    Its lower-case name, its SQL type, and whether a file may lack it.
    """

    name: str
    sql_type: str
    is_optional: bool = False

    @property
    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of the SQL type."""
        return SQL_TYPES[self.sql_type]


@dataclass(frozen=True)
class BinaryTable:
    """Where a table's rows are in its file, and how a row is laid out."""

    path: Path
    offset: int
    n_rows: int
    row_type: np.dtype

    def names(self) -> dict[str, str]:
        """Return lower-case column names, and how the file spells them."""
        return {name.lower(): name for name in self.row_type.names or ()}

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Map rows ``start`` to ``stop``, without reading them.

        Parameters
        ----------
        start, stop : int

        Returns
        -------
        (stop - start,) structured array
            Big-endian as in the file.
        """
        offset = self.offset + start * self.row_type.itemsize
        return np.memmap(self.path, self.row_type, "r", offset, (stop - start,))


def open_table(path: Path) -> BinaryTable:
    """Find the first binary table of a FITS file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    BinaryTable

    Raises
    ------
    FileRefused, FitsError
        When the file is cut short, is not FITS, or has no plain binary table.
    """
    for hdu in read_hdus(map_file(path)):
        if hdu.text("XTENSION") == "BINTABLE":
            return BinaryTable(path, hdu.data_offset, *_shape(hdu))
    raise FileRefused("no_table", "no binary table in the file")


def _shape(hdu: Hdu) -> tuple[int, np.dtype]:
    """Return the number of rows and the type of a row, checked."""
    if hdu.cards.get("ZTABLE") or hdu.cards.get("ZIMAGE"):
        raise FileRefused("no_table", "the table is compressed, expected a plain binary table")
    row_type = _row_type(hdu)
    row_bytes = hdu.integer("NAXIS1")
    if row_type.itemsize != row_bytes or row_bytes * hdu.integer("NAXIS2") > hdu.data_size:
        raise FileRefused(
            "bad_header",
            f"columns take {row_type.itemsize} bytes a row, NAXIS1 says {row_bytes}, "
            f"for {hdu.integer('NAXIS2')} rows in {hdu.data_size} bytes",
        )
    return hdu.integer("NAXIS2"), row_type


def _row_type(hdu: Hdu) -> np.dtype:
    """Return the type of a row from the column definitions."""
    n_columns = hdu.integer("TFIELDS")
    if not 0 < n_columns <= MAX_COLUMNS:
        raise FileRefused("bad_header", f"TFIELDS is {n_columns}")
    numbers = range(1, n_columns + 1)
    try:
        columns = [fits.Column(hdu.text(f"TTYPE{i}"), hdu.text(f"TFORM{i}")) for i in numbers]
        return fits.ColDefs(columns).dtype.newbyteorder(">")
    except (ValueError, TypeError, fits.VerifyError) as error:
        raise FileRefused("bad_header", f"unreadable column definitions: {error}") from error


def missing_columns(table: BinaryTable, columns: Sequence[Column]) -> list[str]:
    """Name the columns that the table lacks and may not lack.

    Parameters
    ----------
    table : BinaryTable
    columns : sequence of Column

    Returns
    -------
    list of str
    """
    present = table.names()
    return [col.name for col in columns if not col.is_optional and col.name not in present]


def record_batches(
    table: BinaryTable, columns: Sequence[Column], chunk_rows: int = CHUNK_ROWS
) -> Iterator[pa.RecordBatch]:
    """Read the table in bounded chunks, with the given columns.

    An optional column that the table lacks is null.

    A column ``row_index`` (0-based row of the file) is added at the end.

    Parameters
    ----------
    table : BinaryTable
    columns : sequence of Column
    chunk_rows : int

    Returns
    -------
    iterator of RecordBatch, up to ``chunk_rows`` rows each
    """
    spelled = table.names()
    schema = arrow_schema(columns)
    for start in range(0, table.n_rows, chunk_rows):
        stop = min(start + chunk_rows, table.n_rows)
        rows = table.rows(start, stop)
        arrays = [
            arrow_column(rows[spelled[col.name]], col)
            if col.name in spelled
            else pa.nulls(stop - start, col.arrow_type)
            for col in columns
        ]
        arrays.append(pa.array(np.arange(start, stop, dtype=np.int64)))
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the schema of what ``record_batches`` yields."""
    fields = [pa.field(col.name, col.arrow_type) for col in columns]
    return pa.schema([*fields, pa.field("row_index", pa.int64())])


def arrow_column(values: np.ndarray, column: Column) -> pa.Array:
    """Convert a column of mapped rows to the type that we keep.

    Parameters
    ----------
    values : (n,) or (n, length) array, big-endian
    column : Column

    Returns
    -------
    (n,) pyarrow.Array

    Raises
    ------
    FileRefused
        ``wrong_type`` when the file's type does not fit into ours.
    """
    try:
        return _converted(values, column.arrow_type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError, ValueError) as error:
        raise FileRefused(
            "wrong_type", f"column {column.name} ({values.dtype}) is no {column.sql_type}: {error}"
        ) from error


def _converted(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Convert values to an Arrow type."""
    if pa.types.is_list(kind):
        return _lists(values, kind)
    if pa.types.is_string(kind):
        return _strings(values)
    if pa.types.is_boolean(kind):
        return _logicals(values)
    native = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
    return pa.array(native).cast(kind)


def _logicals(values: np.ndarray) -> pa.Array:
    """Convert a column of the letters T and F."""
    if values.dtype != np.int8:  # what TFORM L becomes; its bytes are the letters T and F
        raise TypeError("not a column of logicals")
    return pa.array(np.ascontiguousarray(values) == ord("T"))


def _lists(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Convert a column of arrays."""
    if values.ndim != 2:
        raise TypeError("not a column of arrays")
    n_rows, length = values.shape
    offsets = pa.array(np.arange(0, (n_rows + 1) * length, length, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, _converted(values.ravel(), kind.value_type))


def _strings(values: np.ndarray) -> pa.Array:
    """Convert a text column, trimmed."""
    if values.dtype.kind != "S":
        raise TypeError("not a text column")
    packed = pa.py_buffer(np.ascontiguousarray(values))
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(values.dtype.itemsize), len(values), [None, packed]
    )
    return pc.utf8_trim(fixed.cast(pa.string()), characters=" \0")
