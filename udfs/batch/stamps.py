"""Where a stamp lies: the galaxy within half a pixel of its centre."""

import numpy as np
from numpy.typing import ArrayLike


def stamp_corner(position_pix: ArrayLike, size_pix: int) -> np.ndarray:
    """Return the first pixel of a stamp along one axis.

    With c = floor(x) an even stamp starts at c - size/2 + 1, with c = round(x) an odd one at
    c - (size - 1)/2. So the stamp of 64 pixels is the centre of the one of 96.

    Parameters
    ----------
    position_pix : (...) float, pixel
        Position of the galaxy, counted from 0 at the centre of the first pixel.
    size_pix : int, pixel

    Returns
    -------
    (...) int64, pixel
    """
    position = np.asarray(position_pix, float)
    if size_pix % 2:
        return np.floor(position + 0.5).astype(np.int64) - (size_pix - 1) // 2
    return np.floor(position).astype(np.int64) - size_pix // 2 + 1


def offset_in_canvas(position_pix: ArrayLike, size_pix: int, canvas_pix: int) -> np.ndarray:
    """Return the first pixel of a stamp within its canvas.

    Along one axis; the canvas was cut by the same rule.

    Parameters
    ----------
    position_pix : (...) float, pixel
    size_pix, canvas_pix : int, pixel

    Returns
    -------
    (...) int64, pixel
    """
    return stamp_corner(position_pix, size_pix) - stamp_corner(position_pix, canvas_pix)
