"""Decoders of single tiles that are not Rice: GZIP and HCOMPRESS."""

import struct
import zlib

import numpy as np
from astropy.io.fits.hdu.compressed._codecs import HCompress1

from ingest.fits_cards import FitsError

GZIP_WINDOW = 31  # zlib's word for "a gzip header and the largest window"
BIG_ENDIAN = {1: ">u1", 2: ">i2", 4: ">i4"}


def decode_gzip(stream: bytes, n_values: int, is_float: bool) -> np.ndarray:
    """Values of a gzipped tile.

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
HCOMPRESS_PADDINGS = (b"\0" * 200_000, b"\xff" * 200_000)  # more than any tile reads


def decode_hcompress(stream: bytes, height: int, width: int) -> np.ndarray:
    """Values of a tile in HCOMPRESS.

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
    magic, rows, columns, scale, _, *planes = HCOMPRESS_HEAD.unpack_from(stream)
    if (magic, rows, columns) != (HCOMPRESS_MAGIC, height, width) or scale not in (0, 1):
        raise FitsError("bad_tile", f"hcompress: a head of {(magic, rows, columns, scale)}")
    if max(planes) > HCOMPRESS_MAX_BITPLANES:
        raise FitsError("bad_tile", f"hcompress: {max(planes)} bit planes")
    first, second = (_hcompress(stream + padding, height, width) for padding in HCOMPRESS_PADDINGS)
    if not np.array_equal(first, second):  # what follows the stream was read, so it is cut short
        raise FitsError("bad_tile", "hcompress: the stream ends before the last value")
    return first


def _hcompress(stream: bytes, height: int, width: int) -> np.ndarray:
    """Values of a stream that is long enough; the library's decoder does not look where it ends."""
    codec = HCompress1(scale=0, smooth=False, bytepix=8, nx=height, ny=width)
    try:
        return codec.decode(np.frombuffer(stream, np.uint8))
    except Exception as error:
        raise FitsError("bad_tile", f"hcompress: {error}") from error
