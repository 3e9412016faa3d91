"""Pixel-integrated image of a lensed Sersic source.

In single precision and with every trick.

One sample per pixel everywhere, corrected by the five-point Laplacian; pixels where that is not
enough, by the change of the light to their neighbours, are summed as cells (`udfs.core.cells`).
"""

from math import ceil, cos, floor, hypot, sin
from typing import Any, NamedTuple

import numpy as np

from udfs.core.cells import Tree, make_tree, numbers_of_positive, picked, refine
from udfs.core.moments import Moments, clear_pixel, clear_ring, fill_smooth, make_moments, share
from udfs.core.profile import exponents
from udfs.core.samples import correct_midpoints, fill_grid, fill_light, refinement_need
from udfs.core.system import (
    INDEX,
    LENS_PHI,
    PACKED_SIZE,
    ROOT_Q,
    SHEAR_1,
    SHEAR_2,
    SRC_X,
    SRC_Y,
    THETA_E,
    power_mode,
)
from udfs.jit import fast_kernel, kernel, padded_length, to_tuple, whole_vectors

# Of the light of the source, in `refinement_need`. Against 1e-5, of 100,000 random systems of n 0.3
# to 6 and 0.05 to 0.6 arcsec 99.99 % have their flux within 0.02 % and all within 0.04 %. With 1e-2 it
# is 0.05 and 0.08 %, and a pixel whose neighbours happened to be as bright as its middle was once
# missed (1.4 % of a flux).
TOLERANCE = 1e-3
CENTRE_LIT = 0.5  # of theta_E: a source nearer to the axis has no image near the lens centre
_ZERO = np.float32(0)
_CAPACITY_PER_PIXEL = 2
_MIN_CAPACITY = 4096


class Work(NamedTuple):
    """Room for one render, reused.

    Flat images of the box with a ring of one pixel.
    """

    x: np.ndarray
    y: np.ndarray
    exponent: np.ndarray
    light: np.ndarray
    change: np.ndarray
    need: np.ndarray
    shared: np.ndarray
    moments: Moments
    pixels: np.ndarray
    tree: Tree


def make_work(size: int) -> Work:
    """Make room for canvases of size x size pixels.

    And for whole vectors from any row on.
    """
    n = padded_length((size + 2) ** 2) + 3 * (size + 2) + padded_length(1)
    images = ("x", "y", "exponent", "light", "change", "need", "shared")
    return Work(
        **{name: np.zeros(n, np.float32) for name in images},
        moments=make_moments(n),
        pixels=np.zeros(n + 1, np.uint32),
        tree=make_tree(max(_MIN_CAPACITY, _CAPACITY_PER_PIXEL * n)),
    )


@kernel
def core_fraction(n: float) -> float:
    """Return the size of the core that four samples hold well enough.

    In R_e.

    It shrinks with the Sersic index: a de Vaucouleurs profile has 1 % of its light within 0.005 R_e.
    What counts is the worst case, the image of the centre on a corner of four cells.

    Parameters
    ----------
    n : float
        Sersic index.

    Returns
    -------
    float, R_e
    """
    return 0.3 * (n**-1.95 if n > 1 else n**-1.5)


@kernel
def image_box(
    p: np.ndarray, packed: np.ndarray, reach: float, lens: Any, scale: float, size: int
) -> Any:
    """Return the box that can hold light, clipped to the canvas.

    Parameters
    ----------
    p : (12,) float64
        A row of `udfs.core.system.PARAMETERS`.
    packed : (33,) float32
        The same, packed.
    reach : float, arcsec
        Semi-major radius beyond which the source's light is neglected.
    lens : (float, float), pixel
    scale : float, arcsec / pixel
    size : int, pixel

    Returns
    -------
    x0, x1, y0, y1 : int, pixel
        First and last column and row.
    """
    largest = 1.05 * packed[:ROOT_Q].max()  # of the deflection's coefficients
    far = hypot(p[SRC_X], p[SRC_Y]) + largest + reach
    radius = far / (1 - hypot(p[SHEAR_1], p[SHEAR_2])) / scale
    x0, x1 = max(0.0, floor(lens[0] - radius)), min(size - 1.0, ceil(lens[0] + radius))
    y0, y1 = max(0.0, floor(lens[1] - radius)), min(size - 1.0, ceil(lens[1] + radius))
    return int(x0), int(x1), int(y0), int(y1)


@kernel
def _mark_centre(work: Work, box: Any, lens: Any) -> None:
    """Have the pixels around the lens refined.

    The light there may change within one pixel.
    """
    x0, x1, y0, y1 = box
    column, row = int(floor(lens[0])), int(floor(lens[1]))
    for y in range(max(y0, row - 1), min(y1, row + 2) + 1):
        for x in range(max(x0, column - 1), min(x1, column + 2) + 1):
            work.need[(y - y0 + 1) * (x1 - x0 + 3) + x - x0 + 1] = 1


@fast_kernel
def _spare_ring(need: np.ndarray, width: int, height: int) -> None:
    """Exempt the ring around the box, whose pixels belong to nobody."""
    need[:width] = _ZERO
    need[(height - 1) * width : height * width] = _ZERO
    for row in range(height):
        need[row * width] = _ZERO
        need[row * width + width - 1] = _ZERO


@fast_kernel
def _count_positive(need: np.ndarray, start: int, n: int) -> np.float32:
    """Count the positive ones of n values, in float32.

    Counted as wide as they are, which makes it vectors.
    """
    total, values = np.float32(0), need[start:]
    for i in range(n):
        total += np.float32(1) if values[i] > _ZERO else _ZERO
    return total


@fast_kernel
def _collect(work: Work, width: int, height: int) -> Any:
    """Move the pixels in need to the list of cells.

    Returns
    -------
    n, low, high : int
        How many they are, and their first and last row; most rows have none, and are only counted.
    """
    _spare_ring(work.need, width, height)
    cells, pixels = work.tree.cells, work.pixels
    n, low, high = 0, height, 0
    for row in range(1, height - 1):
        if _count_positive(work.need, row * width, width) > _ZERO:
            need = work.need[row * width :]
            n += numbers_of_positive(need, row * width, width, pixels[n:])
            low, high = min(low, row), row
    picked(work.x, pixels, n, cells.x)
    picked(work.y, pixels, n, cells.y)
    picked(work.change, pixels, n, cells.change)
    for k in range(n):
        cells.owner[k] = pixels[k]
    return n, low, high


@fast_kernel
def _fill_near(work: Work, width: int, height: int, low: int, high: int) -> None:
    """Fill the moments of rows low - 2 to high + 2.

    These exchange light with the refined rows.
    """
    first, last = max(1, low - 2), min(height - 2, high + 2)
    if last >= first:
        n = whole_vectors((last - first + 1) * width)
        fill_smooth(work.light, width, first * width, n, work.moments)


@fast_kernel
def render_box(
    p: np.ndarray,
    packed: np.ndarray,
    amplitude: float,
    box: Any,
    lens: Any,
    scale: float,
    work: Work,
) -> Any:
    """Render a system of unit flux on a box with its ring.

    The light is in `work.moments`, flat.

    Parameters
    ----------
    p : (12,) float64
        A row of `udfs.core.system.PARAMETERS`.
    packed : (33,) float32
        The same, packed.
    amplitude : float
        Central brightness times the area of a pixel.
    box : x0, x1, y0, y1 : int, pixel
        First and last column and row.
    lens : (float, float), pixel
    scale : float, arcsec / pixel
    work : Work

    Returns
    -------
    low, high : int
        First and last row, counted from the ring, with pixels that one sample could not hold. Two
        rows farther away the moments are not filled, only the means.
    """
    x0, x1, y0, y1 = box
    width, height = x1 - x0 + 3, y1 - y0 + 3
    n = whole_vectors(width * height)
    c, mode = to_tuple(packed, PACKED_SIZE), power_mode(p[INDEX])
    fill_grid(work, box, lens, scale, p[LENS_PHI])
    exponents(c, mode, work.x, work.y, n, work.exponent)
    fill_light(work.exponent, n, work.light)
    correct_midpoints(work.light, width, n, work.moments.mean)
    refinement_need(
        work.exponent, width, n, np.float32(TOLERANCE / amplitude), work.change, work.need
    )
    if hypot(p[SRC_X], p[SRC_Y]) > CENTRE_LIT * p[THETA_E]:
        _mark_centre(work, box, lens)
    n_cells, low, high = _collect(work, width, height)
    _fill_near(work, width, height, low, high)
    for k in range(n_cells):
        clear_pixel(work.moments, work.pixels[k])
    turn = (scale, cos(p[LENS_PHI]), sin(p[LENS_PHI]))
    refine(
        c, mode, work.tree, n_cells, (work.x, work.y, turn), core_fraction(p[INDEX]), work.moments
    )
    clear_ring(work.moments, width, height)
    return low, high


@fast_kernel
def _share_near(work: Work, width: int, height: int, low: int, high: int) -> None:
    """Share light by its moments in rows low - 1 to high + 1.

    Elsewhere it is smooth, and sharing would change nothing.
    """
    first, last = max(1, low - 1), min(height - 2, high + 1)
    if last >= first:
        n = whole_vectors((last - first + 1) * width)
        share(work.moments, width, first * width + 1, n, work.shared)
        start, end = first * width, (last + 1) * width
        work.moments.mean[start:end] = work.shared[start:end]


@kernel
def render_light(
    p: np.ndarray,
    packed: np.ndarray,
    amplitude: float,
    reach: float,
    frame: Any,
    is_for_psf: bool,
    work: Work,
) -> Any:
    """Render a system of unit flux on a canvas.

    The light, over the amplitude, is in `work.moments.mean`.

    Parameters
    ----------
    p : (12,) float64
        A row of parameters.
    packed : (33,) float32
        The same, packed.
    amplitude : float
        Central brightness times the area of a pixel.
    reach : float, arcsec
        Semi-major radius beyond which the source's light is neglected.
    frame : (float, float, float, int)
        Lens position in pixels, arcsec per pixel, and pixels on a side of the canvas.
    is_for_psf : bool
        Share the light with the neighbours as its moments ask (`udfs.core.moments`), else give the
        integrated pixels.
    work : Work

    Returns
    -------
    x0, x1, y0, y1 : int, pixel
        Box that holds the light, which stands flat in rows of x1 - x0 + 3 pixels, in a ring of one
        pixel without light; outside it there is none.
    """
    lens, scale = (frame[0], frame[1]), frame[2]
    box = image_box(p, packed, reach, lens, scale, frame[3])
    x0, x1, y0, y1 = box
    if x1 >= x0 and y1 >= y0:
        low, high = render_box(p, packed, amplitude, box, lens, scale, work)
        if is_for_psf:
            _share_near(work, x1 - x0 + 3, y1 - y0 + 3, low, high)
    return box
