"""Decoders of single tiles that are not Rice: GZIP and HCOMPRESS."""

import struct
import zlib

import numpy as np

from pixels import hcompress
from pixels.cards import FitsError

GZIP_WINDOW = 31  # zlib's word for "a gzip header and the largest window"
BIG_ENDIAN = {1: ">u1", 2: ">i2", 4: ">i4"}


def decode_gzip(stream: bytes, n_values: int, is_float: bool) -> np.ndarray:
    """Decode the values of a gzipped tile.

    Parameters
    ----------
    stream : bytes
    n_values : int
        That the tile must hold; a stream that unpacks to another length is refused, and never
        unpacked beyond it.
    is_float : bool
        Whether values are float32; integers may be 1, 2 or 4 bytes.

    Returns
    -------
    (n_values,) float32 or int32

    Raises
    ------
    FitsError
        ``bad_tile``.
    """
    unpack = zlib.decompressobj(GZIP_WINDOW)
    try:
        unpacked = unpack.decompress(stream, 4 * n_values + 1)
    except zlib.error as error:
        raise FitsError("bad_tile", f"gzip: {error}") from error
    width = 4 if is_float else len(unpacked) // n_values
    if width not in BIG_ENDIAN or len(unpacked) != width * n_values or not unpack.eof:
        raise FitsError("bad_tile", f"gzip: {len(unpacked)} bytes for {n_values} values")
    dtype = ">f4" if is_float else BIG_ENDIAN[width]
    return np.frombuffer(unpacked, dtype).astype(np.float32 if is_float else np.int32)


HCOMPRESS_MAGIC = 0xDD99
HCOMPRESS_HEAD = struct.Struct(">Hiiiq3B")
HCOMPRESS_MAX_BITPLANES = 40


def decode_hcompress(stream: bytes, height: int, width: int) -> np.ndarray:
    """Decode the values of a tile in HCOMPRESS.

    Parameters
    ----------
    stream : bytes
    height, width : int, pixel

    Returns
    -------
    (height * width,) int32

    Raises
    ------
    FitsError
        ``bad_tile``.
    """
    if len(stream) < HCOMPRESS_HEAD.size:
        raise FitsError("bad_tile", f"hcompress: {len(stream)} bytes")
    magic, rows, columns, scale, total, *planes = HCOMPRESS_HEAD.unpack_from(stream)
    if (magic, rows, columns) != (HCOMPRESS_MAGIC, height, width) or scale not in (0, 1):
        raise FitsError("bad_tile", f"hcompress: a head of {(magic, rows, columns, scale)}")
    if max(planes) > HCOMPRESS_MAX_BITPLANES:
        raise FitsError("bad_tile", f"hcompress: {max(planes)} bit planes")
    behind = stream[HCOMPRESS_HEAD.size :] + bytes(hcompress.PADDING_BYTES)
    values = np.empty((height, width), dtype=np.int64)
    status = hcompress.decode(np.frombuffer(behind, np.uint8), total, np.array(planes), values)
    if status != hcompress.OK:
        raise FitsError("bad_tile", f"hcompress: {hcompress.MEANINGS[status]}")
    return values.astype(np.int32).ravel()
