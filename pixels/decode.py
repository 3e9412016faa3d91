"""Pixels of whole tiles of a compressed image."""

import numpy as np

from pixels import rice, rice_tiles
from pixels.cards import FitsError
from pixels.codecs import decode_gzip, decode_hcompress
from pixels.image import GZIP, RICE, TiledImage


def read_tiles(image: TiledImage, numbers: np.ndarray) -> np.ndarray:
    """Decode the pixels of some tiles.

    Parameters
    ----------
    image : TiledImage
    numbers : (n,) int
        Tiles, counted from 0 along x first.

    Returns
    -------
    (n, tile height, tile width) array of the image's dtype
        Border tiles fill their lower left part, the rest is zero.

    Raises
    ------
    FitsError
        ``bad_tile``.
    """
    if not np.all((numbers >= 0) & (numbers < len(image.table.spans))):
        raise ValueError(f"tiles {numbers} of {len(image.table.spans)}")
    pixels = np.zeros((numbers.size, *image.tile_shape), dtype=image.dtype)
    is_fast = _is_plain_rice(image, numbers)
    if is_fast.all() and is_fast.size:
        _read_rice_tiles(image, numbers, pixels)
        return pixels
    if is_fast.any():
        fast = np.empty((int(is_fast.sum()), *image.tile_shape), dtype=image.dtype)
        _read_rice_tiles(image, numbers[is_fast], fast)
        pixels[is_fast] = fast
    for slot in np.flatnonzero(~is_fast).tolist():
        number = int(numbers[slot])
        height, width = image.extent(number)
        pixels[slot, :height, :width] = _read_tile(image, number)
    return pixels


def _is_plain_rice(image: TiledImage, numbers: np.ndarray) -> np.ndarray:
    """Find the tiles that the kernel decodes in one call.

    They are whole, quantised and compressed by Rice.
    """
    if image.algorithm != RICE or image.table.scaling is None or image.dtype != np.float32:
        return np.zeros(numbers.size, dtype=bool)
    rows, columns = np.divmod(numbers, image.n_tiles_x)
    is_whole = ((rows + 1) * image.tile_shape[0] <= image.shape[0]) & (
        (columns + 1) * image.tile_shape[1] <= image.shape[1]
    )
    return is_whole & (image.table.spans[numbers, 1] > 0)


def _read_rice_tiles(image: TiledImage, numbers: np.ndarray, pixels: np.ndarray) -> None:
    """Decode whole, quantised Rice tiles into ``pixels``."""
    table = image.table
    assert table.scaling is not None
    dither, codes = _dither(image)
    status = rice_tiles.decode_tiles(
        image.data,
        table.spans[numbers],
        image.block_size,
        table.scaling[numbers],
        dither,
        _dither_rows(image, numbers),
        codes,
        pixels.reshape(numbers.size, -1),
    )
    if status.any():
        first = int(np.flatnonzero(status)[0])
        raise image.bad_tile(int(numbers[first]), rice.MEANINGS[int(status[first])])


def _dither(image: TiledImage) -> tuple[np.ndarray, np.ndarray]:
    """Return dither table and codes of special values for the kernels."""
    table = rice.DITHER if image.dither.startswith("SUBTRACTIVE") else rice.DITHER[:0]
    zero = rice.ZERO_CODE if image.dither == "SUBTRACTIVE_DITHER_2" else rice.NO_CODE
    blank = rice.NO_CODE if image.table.blank is None else image.table.blank
    return table, np.array([zero, blank], dtype=np.int64)


def _dither_rows(image: TiledImage, numbers: np.ndarray) -> np.ndarray:
    """Find where each tile's dither starts in the table."""
    first = (image.hdu.integer("ZDITHER0", 1) - 1) % rice.N_RANDOM
    return numbers.astype(np.int64) + first


def _read_tile(image: TiledImage, number: int) -> np.ndarray:
    """Decode one tile by itself.

    Equal bytes are decoded once when no dither tells the tiles apart.
    """
    stream, is_gzipped = _stream(image, number)
    try:
        if image.table.scaling is not None and not is_gzipped:
            return _dequantised(image, number, _integers(image, number, stream))
        key = (is_gzipped, image.extent(number), stream)
        if key not in image.memo:
            image.memo[key] = _plain(image, number, stream, is_gzipped)
        return image.memo[key]
    except FitsError as error:
        raise image.bad_tile(number, str(error)) from error


def _stream(image: TiledImage, number: int) -> tuple[bytes, bool]:
    """Return the bytes of a tile, and whether it was not quantised."""
    (start, length), is_gzipped = image.table.spans[number], False
    if length == 0 and image.table.gzipped is not None:
        (start, length), is_gzipped = image.table.gzipped[number], True
    if length == 0:
        raise image.bad_tile(number, "it has no bytes")
    return image.data[start : start + length].tobytes(), is_gzipped


def _plain(image: TiledImage, number: int, stream: bytes, is_gzipped: bool) -> np.ndarray:
    """Decode the pixels of a tile that is not quantised."""
    height, width = image.extent(number)
    if is_gzipped or image.algorithm == GZIP:
        values = decode_gzip(stream, height * width, image.dtype == np.float32)
    else:
        values = _integers(image, number, stream)
    pixels = values.astype(image.dtype)
    if not np.array_equal(pixels, values, equal_nan=image.dtype == np.float32):
        raise FitsError("bad_tile", f"values outside the range of {image.dtype}")
    return pixels.reshape(height, width)


def _integers(image: TiledImage, number: int, stream: bytes) -> np.ndarray:
    """Decode the integers of a tile as its algorithm packed them."""
    height, width = image.extent(number)
    if image.algorithm == GZIP:
        return decode_gzip(stream, height * width, is_float=False)
    if image.algorithm == RICE:
        return _rice_integers(image, stream, height * width)
    return decode_hcompress(stream, height, width)


def _rice_integers(image: TiledImage, stream: bytes, n_values: int) -> np.ndarray:
    """Decode the integers of one Rice stream."""
    padded = np.frombuffer(stream + bytes(rice.PADDING_BYTES), np.uint8)
    values = np.empty(n_values, dtype=np.int32)
    status = rice.decode(padded, len(stream), image.block_size, values)
    if status != rice.OK:
        raise FitsError("bad_tile", rice.MEANINGS[status])
    return values


def _dequantised(image: TiledImage, number: int, quantised: np.ndarray) -> np.ndarray:
    """Turn the integers of a quantised tile into pixels."""
    assert image.table.scaling is not None
    pixels = np.empty(quantised.size, dtype=np.float32)
    dither, codes = _dither(image)
    row = int(_dither_rows(image, np.array([number]))[0])
    rice.dequantise(quantised, image.table.scaling[number], dither, row, codes, pixels)
    return pixels.reshape(image.extent(number))
