"""The table of a compressed image: each tile's bytes and scaling."""

import re
from dataclasses import dataclass

import numpy as np

from pixels.cards import FitsError, Hdu

MAX_COLUMNS = 20
MAX_TILES = 2_000_000
READ = ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "ZSCALE", "ZZERO")

_FORM = re.compile(r"(\d*)([LXBIJKAEDCMPQ])")
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16} | {
    "P": 8,
    "Q": 16,
}
_DTYPES = {"I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "P": ">i4", "Q": ">i8"}


@dataclass(frozen=True)
class TileTable:
    """Rows of a tile table, one per tile.

    Parameters
    ----------
    spans : (n, 2) int64, bytes
        Start in the file and length of the stream of each tile, compressed as the header says; the
        length is 0 where the stream is in the next column.
    gzipped : (n, 2) int64, bytes, or None
        The same for tiles that could not be quantised: gzipped big-endian values.
    scaling : (n, 2) float64, unit of the image, or None
        Scale and zero of the quantisation; None when the values are not quantised.
    blank : int or None
        Quantised value that stands for a missing one.
    """

    spans: np.ndarray
    gzipped: np.ndarray | None
    scaling: np.ndarray | None
    blank: int | None


def tile_table(name: str, data: np.ndarray, hdu: Hdu, n_tiles: int) -> TileTable:
    """Read the table of a compressed image.

    Parameters
    ----------
    name : str
        For messages.
    data : (n,) uint8
        The whole file.
    hdu : Hdu
    n_tiles : int
        That the image's shape asks for.

    Returns
    -------
    TileTable

    Raises
    ------
    FitsError
        ``bad_header``, or ``bad_tile`` when a row points outside the heap.
    """
    row_bytes, n_rows = hdu.integer("NAXIS1"), hdu.integer("NAXIS2")
    if n_rows != n_tiles or n_rows > MAX_TILES or row_bytes <= 0 or hdu.integer("BITPIX") != 8:
        raise FitsError("bad_header", f"{name}: {n_rows} rows for {n_tiles} tiles")
    columns = _columns(name, hdu, row_bytes)
    heap_offset = hdu.integer("THEAP", row_bytes * n_rows)
    if not row_bytes * n_rows <= heap_offset <= hdu.data_size:
        raise FitsError("bad_header", f"{name}: a heap at byte {heap_offset} of the data")
    rows = data[hdu.data_offset : hdu.data_offset + row_bytes * n_rows].reshape(n_rows, row_bytes)
    heap, end = hdu.data_offset + heap_offset, hdu.data_offset + hdu.data_size
    if "COMPRESSED_DATA" not in columns:
        raise FitsError("bad_header", f"{name}: no column COMPRESSED_DATA")
    spans = _spans(name, rows, columns["COMPRESSED_DATA"], heap, end)
    gzipped = None
    if "GZIP_COMPRESSED_DATA" in columns:
        gzipped = _spans(name, rows, columns["GZIP_COMPRESSED_DATA"], heap, end)
    blank = hdu.integer("ZBLANK") if "ZBLANK" in hdu.cards else None
    if blank is not None and not -(2**31) <= blank < 2**31:
        raise FitsError("bad_header", f"{name}: ZBLANK is {blank}")
    return TileTable(spans, gzipped, _scaling(name, rows, columns, hdu), blank)


def _columns(name: str, hdu: Hdu, row_bytes: int) -> dict[str, tuple[int, str]]:
    """Return offset in the row and FITS type of each column."""
    n_columns = hdu.integer("TFIELDS")
    if not 0 < n_columns <= MAX_COLUMNS:
        raise FitsError("bad_header", f"{name}: {n_columns} columns")
    columns: dict[str, tuple[int, str]] = {}
    offset = 0
    for number in range(1, n_columns + 1):
        form = _FORM.match(hdu.text(f"TFORM{number}"))
        if form is None or form.group(2) not in _BYTES:
            raise FitsError("bad_header", f"{name}: TFORM{number} is no type of a column")
        label, repeat = hdu.text(f"TTYPE{number}"), int(form.group(1) or 1)
        if repeat == 0 and label in READ:  # else its neighbour's bytes would be read for its own
            raise FitsError("bad_header", f"{name}: the column {label} holds nothing")
        columns[label] = (offset, form.group(2))
        offset += repeat * _BYTES[form.group(2)]
    if offset != row_bytes:
        raise FitsError("bad_header", f"{name}: columns of {offset} bytes in {row_bytes}")
    return columns


def _values(rows: np.ndarray, column: tuple[int, str], n: int = 1) -> np.ndarray:
    """Read one column, ``n`` values a row, in native byte order."""
    offset, kind = column
    dtype = np.dtype(_DTYPES[kind])
    n_bytes = n * dtype.itemsize
    cells = np.ascontiguousarray(rows[:, offset : offset + n_bytes]).view(dtype)
    return cells.astype(dtype.newbyteorder("="))


def _spans(name: str, rows: np.ndarray, column: tuple[int, str], heap: int, end: int) -> np.ndarray:
    """Return places and lengths of the arrays of a descriptor column."""
    if column[1] not in ("P", "Q"):
        raise FitsError("bad_header", f"{name}: the tiles' column has type {column[1]}")
    length, offset = _values(rows, column, n=2).astype(np.int64).T
    start = heap + offset
    outside = (length < 0) | (offset < 0) | (length > end) | (offset > end) | (start + length > end)
    if outside[length != 0].any():
        raise FitsError("bad_tile", f"{name}: tile {int(outside.argmax())} is not in the heap")
    return np.stack([start, length], axis=1)


def _scaling(
    name: str, rows: np.ndarray, columns: dict[str, tuple[int, str]], hdu: Hdu
) -> np.ndarray | None:
    """Return the scaling of all tiles, or None without one."""
    scale, zero = (_factors(rows, columns, hdu, key) for key in ("ZSCALE", "ZZERO"))
    if scale is None and zero is None:
        return None
    if scale is None or zero is None:
        raise FitsError("bad_header", f"{name}: only one of ZSCALE and ZZERO is there")
    return np.stack([scale, zero], axis=1)


def _factors(
    rows: np.ndarray, columns: dict[str, tuple[int, str]], hdu: Hdu, key: str
) -> np.ndarray | None:
    """Return ZSCALE or ZZERO of each tile, from a column or a card."""
    if key in columns and columns[key][1] in ("D", "E"):
        return _values(rows, columns[key])[:, 0].astype(np.float64)
    card = hdu.cards.get(key)
    if isinstance(card, (int, float)):
        return np.full(len(rows), float(card))
    return None
