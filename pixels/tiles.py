"""Parts of tile-compressed images: only touched tiles are read.

Each is read once.

Reads what the survey writes: Rice with or without subtractive dither, GZIP and HCOMPRESS, several
images in one file. What cannot be read is a `FitsError` with a reason code, never a guess.
"""

from typing import Any

import numpy as np
from numba import from_dtype, int64

from pixels.cards import FitsError
from pixels.decode import read_tiles
from pixels.image import PIXEL_TYPES, TiledImage, open_images
from udfs.jit import called_with, kernel

__all__ = ["FitsError", "TiledImage", "cut_squares", "open_images", "pixels_at", "read_section"]


def tiles_touched(image: TiledImage, corners: np.ndarray, size: int) -> np.ndarray:
    """Number the tiles that squares touch, sorted, each once.

    Parameters
    ----------
    image : TiledImage
    corners : (n, 2) int
        Lower corner (x, y) of each square, 0-based pixels; squares may reach over the border.
    size : int, pixels

    Returns
    -------
    (n_touched,) int64
    """
    sides = np.array(image.shape[::-1])
    tile = np.array(image.tile_shape[::-1])
    first = np.maximum(corners, 0) // tile
    last = (np.minimum(corners + size, sides) - 1) // tile
    is_touched = np.zeros(len(image.table.spans), dtype=bool)
    n_across = np.max(last - first, axis=0, initial=-1) + 1
    for step in np.ndindex(*n_across):
        tile_of_square = first + np.array(step)
        column, row = tile_of_square[(tile_of_square <= last).all(axis=1)].T
        is_touched[row * image.n_tiles_x + column] = True
    return np.flatnonzero(is_touched)


def cut_squares(image: TiledImage, corners: np.ndarray, size: int) -> np.ndarray:
    """Cut squares of pixels; a tile that some touch is decoded once.

    Parameters
    ----------
    image : TiledImage
    corners : (n, 2) int
        Lower corner (x, y) of each square, 0-based pixels.
    size : int, pixels

    Returns
    -------
    (n, size, size) array of the image's dtype
        Zero where a square reaches over the border.

    Raises
    ------
    FitsError
        ``bad_tile`` when a tile that is needed cannot be decoded.
    """
    numbers = tiles_touched(image, corners, size)
    slots = np.full(len(image.table.spans), -1, dtype=np.int64)
    slots[numbers] = np.arange(numbers.size)
    squares = np.zeros((len(corners), size, size), dtype=image.dtype)
    tiles = read_tiles(image, numbers)
    _gather(tiles, slots, np.array((*image.shape, image.n_tiles_x)), corners, squares)
    return squares


def _types_of_gather() -> list[tuple[Any, ...]]:
    """Return the types of the arguments for each type of pixel."""
    pixels = [from_dtype(np.dtype(dtype))[:, :, ::1] for dtype in PIXEL_TYPES]
    return [(kind, int64[::1], int64[::1], int64[:, ::1], kind) for kind in pixels]


@called_with(_types_of_gather)
@kernel
def _gather(
    tiles: np.ndarray, slots: np.ndarray, frame: np.ndarray, corners: np.ndarray, out: np.ndarray
) -> None:
    """Copy squares out of decoded tiles, row by row and tile by tile."""
    height, width = tiles.shape[1], tiles.shape[2]
    size = out.shape[1]
    for i in range(corners.shape[0]):
        x0, y0 = corners[i, 0], corners[i, 1]
        for y in range(max(y0, 0), min(y0 + size, frame[0])):
            tile_row = y // height * frame[2]
            x = max(x0, 0)
            while x < min(x0 + size, frame[1]):
                column = x // width
                end = min((column + 1) * width, x0 + size, frame[1])
                source = tiles[slots[tile_row + column], y % height]
                out[i, y - y0, x - x0 : end - x0] = source[
                    x - column * width : end - column * width
                ]
                x = end


def pixels_at(image: TiledImage, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Read single pixels.

    Parameters
    ----------
    image : TiledImage
    x, y : (n,) int, 0-based pixels

    Returns
    -------
    (n,) array of the image's dtype
        Zero outside the image.
    """
    return cut_squares(image, np.stack([x, y], axis=1), 1)[:, 0, 0]


def read_section(image: TiledImage, x: slice, y: slice) -> np.ndarray:
    """Read a rectangle of pixels, ``image[y, x]`` of the whole array.

    Parameters
    ----------
    image : TiledImage
    x, y : slice, 0-based pixels

    Returns
    -------
    (height, width) array of the image's dtype

    Raises
    ------
    ValueError
        When the rectangle is not inside the image.
    FitsError
    """
    if not (0 <= x.start < x.stop <= image.shape[1] and 0 <= y.start < y.stop <= image.shape[0]):
        raise ValueError(f"section {x}, {y} of an image of {image.shape} (y, x) pixels")
    height, width = image.tile_shape
    columns = np.arange(x.start // width, (x.stop - 1) // width + 1)
    rows = np.arange(y.start // height, (y.stop - 1) // height + 1)
    numbers = (rows[:, None] * image.n_tiles_x + columns).ravel()
    tiles = read_tiles(image, numbers).reshape(rows.size, columns.size, height, width)
    block = tiles.swapaxes(1, 2).reshape(rows.size * height, columns.size * width)
    x0, y0 = columns[0] * width, rows[0] * height
    return block[y.start - y0 : y.stop - y0, x.start - x0 : x.stop - x0]
