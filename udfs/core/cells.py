"""Quadrature of the pixels that one sample cannot hold.

A pixel near the image of the source's centre, or across which the light changes fast, becomes a
cell of a list. Cells that are still near the cusp or too steep are split in four, level by level;
the others are leaves, summed when all are known (`udfs.core.leaves`). All cells of a level are
handled together, so that the loops stay long.
"""

from typing import Any, NamedTuple

import numpy as np

from udfs.core.leaves import (
    Leaves,
    fill_moments,
    give_to_pixels,
    make_leaves,
    place_in_pixels,
    sum_leaves,
)
from udfs.core.moments import Moments
from udfs.core.profile import TINY, exponent_of, radius_square, source_offset
from udfs.core.system import (
    ANY_POWER,
    AXIS_11,
    AXIS_12,
    AXIS_21,
    AXIS_22,
    INVERSE_MINOR,
    KAPPA_SCALE,
    MAP_11,
    MAP_12,
    MAP_22,
    ONE_ROOT,
    Q_SQUARE,
    THREE_ROOTS,
)
from udfs.jit import fast_kernel, inlined, padded_length, whole_vectors

CUSP_MARGIN = np.float32(1.5)  # cells: with 1 the cusp is missed where the lens map bends
CENTRE_REACH = np.float32(4)  # squared, in cells: a source as near may peak at the lens centre
CENTRE_PART = np.float32(0.02)  # arcsec: smaller cells with the lens centre are summed as they are
NEAREST = np.float32(1e-6)  # smallest ratio of radii within a cell
RIDGE_MARGIN = np.float32(0.5)  # squared: elliptical radius over what a cell spans of it
# Powers of two by which the light may change across a summed cell: so many where the cell is as bright
# as the source's centre, and more by the slope for each power of two that it is fainter, as its error
# counts less. With 6 the flux of small flat sources is off by up to 0.6 %, with 4.5 by 0.3 %. The
# slope leaves out a third of the cells of exponential sources of 0.15 arcsec, an eighth at 0.3, none of
# de Vaucouleurs', and moves the mean flux of a kind of source by 0.02 %.
MAX_STEP, STEP_SLOPE = np.float32(4.5), np.float32(1.6)
MAX_LEVEL = 10  # halvings of a pixel

_ZERO, _ONE, _TWO, _HALF = np.float32(0), np.float32(1), np.float32(2), np.float32(0.5)
_REACH = np.float32(0.75)
_ONE_MORE = np.uint64(1)
_QUARTERS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)], np.float32)


class Cells(NamedTuple):
    """Cells of one level.

    x, y are centres in the lens' frame (arcsec), `change` by how many powers of two the light changes
    to the neighbours, `owner` the pixel; positive `split` asks for a cell to be split.
    """

    x: np.ndarray
    y: np.ndarray
    change: np.ndarray
    owner: np.ndarray
    split: np.ndarray


class Tree(NamedTuple):
    """Room for a level's cells, its parents among them, and all leaves."""

    cells: Cells
    parents: Cells
    leaves: Leaves


def make_cells(capacity: int) -> Cells:
    """Make an empty list for at most `capacity` cells."""
    return Cells(*[
        np.zeros(padded_length(capacity), np.uint32 if name == "owner" else np.float32) for name in Cells._fields
    ])  # fmt: skip


def make_tree(capacity: int) -> Tree:
    """Make empty lists for at most `capacity` cells of one level."""
    capacity = padded_length(capacity)
    leaves = make_leaves((MAX_LEVEL + 1) * capacity)
    return Tree(make_cells(capacity), make_cells(capacity // 4 + 1), leaves)


@inlined
def _split_scores(c: Any, mode: int, columns: Any, n: int, side: float, finest: float) -> None:
    """Fill the scores of `split_scores` for a mode that is a constant.

    The numbers are those of its rules.

    Parameters
    ----------
    c, mode, n, side, finest
        As in `split_scores`.
    columns : tuple of (capacity,) float32
        x, y, change and split of the cells.
    """
    xs, ys, changes, split = columns
    margin = CUSP_MARGIN * side
    for i in range(whole_vectors(n)):
        x, y = xs[i], ys[i]
        source_x, source_y = source_offset(c, x, y)
        inverse_square = _ONE / (x * x + y * y + TINY)
        two_kappa = c[KAPPA_SCALE] / np.sqrt(c[Q_SQUARE] * x * x + y * y + TINY)
        jacobian_xx = c[MAP_11] - two_kappa * y * y * inverse_square
        jacobian_yy = c[MAP_22] - two_kappa * x * x * inverse_square
        jacobian_xy = c[MAP_12] + two_kappa * x * y * inverse_square
        determinant = jacobian_xx * jacobian_yy - jacobian_xy * jacobian_xy
        determinant_change = two_kappa * side * np.sqrt(inverse_square)
        # Derivatives of (u, v), the source's own axes in R_e, along x and y of the image.
        u_x = c[AXIS_11] * jacobian_xx + c[AXIS_12] * jacobian_xy
        v_x = c[AXIS_21] * jacobian_xx + c[AXIS_22] * jacobian_xy
        u_y = c[AXIS_11] * jacobian_xy + c[AXIS_12] * jacobian_yy
        v_y = c[AXIS_21] * jacobian_xy + c[AXIS_22] * jacobian_yy
        gradient_x_square, gradient_y_square = u_x * u_x + v_x * v_x, u_y * u_y + v_y * v_y
        span_square = side * side * max(gradient_x_square, gradient_y_square)
        radius = radius_square(c, source_x, source_y)
        # 1. The lens centre is in the cell or next to it, and the cell is not small yet.
        centre_nearness = margin * margin * inverse_square - _ONE
        has_centre = min(centre_nearness, side - CENTRE_PART)
        # 2. The cusp is within reach in the image, distances being times the determinant ...
        cusp_reach = margin * (abs(determinant) + determinant_change)
        cusp_distance = max(
            abs(jacobian_yy * source_x - jacobian_xy * source_y),
            abs(jacobian_xx * source_y - jacobian_xy * source_x),
        )
        cusp_nearness = cusp_reach - cusp_distance
        # ... or in the source's elliptical radius, and the cell spans more than the finest part ...
        ridge_nearness = RIDGE_MARGIN * span_square - radius
        is_coarse = span_square - finest * finest
        has_cusp = min(max(cusp_nearness, ridge_nearness), is_coarse)
        # ... and the lens centre is elsewhere, or the source as near to it as two cells.
        source_nearness = CENTRE_REACH * side * side - source_x * source_x - source_y * source_y
        is_linear = max(-centre_nearness, source_nearness)
        # 3. The exponent changes too much for the brightest that the cell may be.
        width = np.sqrt(gradient_x_square) + np.sqrt(gradient_y_square)
        width = width + determinant_change * c[INVERSE_MINOR]
        nearest = max(_ONE - _REACH * side * width / np.sqrt(radius), NEAREST)
        lowest = exponent_of(c, mode, radius * nearest * nearest)
        step = min(changes[i], _TWO * (exponent_of(c, mode, radius) - lowest))
        is_steep = step - MAX_STEP - STEP_SLOPE * lowest
        split[i] = max(min(has_cusp, is_linear), has_centre, is_steep)


@fast_kernel
def split_scores(c: Any, mode: int, cells: Cells, n: int, side: float, finest: float) -> None:
    """Set `split` above 0 for cells that four nodes cannot hold.

    1. Cells with the lens centre, while they are larger than `CENTRE_PART`.
    2. Cells within reach of the cusp, whether in the image plane or in the source's own elliptical
       radius (a flat source makes a ridge along the arc), while they span more than `finest` of the
       source. Where the lens centre is, the map is not linear, and the rule would ask for ever
       smaller cells; there it holds only if the source is as near as two cells.
    3. Cells that are too steep for their brightness.

    With A the Jacobian of the lens map, the image of the source's centre is A^-1 times the
    source-plane offset away. For an SIE A = 1 - 2 kappa t t^T - Gamma with t the tangential
    direction; near a critical curve its determinant vanishes, so its change over a cell is added.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    mode : int
        `udfs.core.system.power_mode`.
    cells : Cells
        Their `split` is written.
    n : int
        Number of cells.
    side : float32, arcsec
        Of a cell.
    finest : float32, R_e
    """
    columns = cells.x, cells.y, cells.change, cells.split
    if mode == ONE_ROOT:
        _split_scores(c, ONE_ROOT, columns, n, side, finest)
    elif mode == THREE_ROOTS:
        _split_scores(c, THREE_ROOTS, columns, n, side, finest)
    else:
        _split_scores(c, ANY_POWER, columns, n, side, finest)


@fast_kernel
def numbers_of_positive(values: np.ndarray, first: int, n: int, numbers: np.ndarray) -> np.int64:
    """Collect the indices of the positive values; return their count.

    Every number is written to the end of the list, which is moved on for those that stay: a branch
    guessed wrong takes longer. Without signs, because for a signed index numba asks each time
    whether it counts from the end.

    Parameters
    ----------
    values : (n or more,) float32
    first : int
        Index of the first value.
    n : int
    numbers : (n + 1 or more,) uint32, written

    Returns
    -------
    int
    """
    n_found = np.uint64(0)
    for i in range(n):
        numbers[n_found] = first + i
        n_found += np.uint64(values[i] > _ZERO)
    return np.int64(n_found)


@fast_kernel
def picked(values: np.ndarray, numbers: np.ndarray, n: int, out: np.ndarray) -> None:
    """Copy the values at some indices, one after the other.

    Parameters
    ----------
    values : (m,) float32
    numbers : (n or more,) uint32
    n : int
    out : (n or more,) float32, written
    """
    for k in range(n):
        out[k] = values[numbers[k]]


@fast_kernel
def _move(cells: Any, n: int, n_most: int, parents: Any, leaves: Any) -> Any:
    """Move n cells to the parents or the leaves; count the parents.

    As `numbers_of_positive`, every cell is written to both lists, one of which is moved on. All
    columns in one loop: to sort numbers first and pick columns by them takes an eighth longer.
    """
    x, y, change, owner, split = cells
    parent_x, parent_y, parent_change, parent_owner = parents
    leaf_x, leaf_y, leaf_owner = leaves
    n_parents, n_leaves, most = np.uint64(0), np.uint64(0), np.uint64(n_most)
    for i in range(n):
        parent_x[n_parents] = leaf_x[n_leaves] = x[i]
        parent_y[n_parents] = leaf_y[n_leaves] = y[i]
        parent_owner[n_parents] = leaf_owner[n_leaves] = owner[i]
        parent_change[n_parents] = change[i]
        is_parent = np.uint64(split[i] > _ZERO) & np.uint64(n_parents < most)
        n_parents += is_parent
        n_leaves += _ONE_MORE - is_parent
    return np.int64(n_parents)


@fast_kernel
def divide(tree: Tree, n: int, part: float, n_leaves: int, may_split: bool) -> Any:
    """Move cells to be split to `tree.parents`, the others to the leaves.

    Parameters
    ----------
    tree : Tree
    n : int
        Number of cells of the level.
    part : float32, pixel
        Side of its cells.
    n_leaves : int
        Number of leaves of the levels before.
    may_split : bool

    Returns
    -------
    n_parents, n_leaves : int
    """
    cells, parents, leaves = tree.cells, tree.parents, tree.leaves
    n_parents = _move(
        (cells.x, cells.y, cells.change, cells.owner, cells.split),
        n,
        len(cells.x) // 4 if may_split else 0,
        (parents.x, parents.y, parents.change, parents.owner),
        (leaves.x[n_leaves:], leaves.y[n_leaves:], leaves.owner[n_leaves:]),
    )
    n_all = n_leaves + n - n_parents
    leaves.part[n_leaves:n_all] = part
    return n_parents, n_all


@fast_kernel
def _shifted(values: np.ndarray, step: float, n: int, out: np.ndarray) -> None:
    """Copy n values, each moved by a step."""
    for i in range(n):
        out[i] = values[i] + step


@fast_kernel
def _inherited(parents: Cells, n: int, change: np.ndarray, owner: np.ndarray) -> None:
    """Give children half of their parents' change, and their pixels."""
    for i in range(n):
        change[i] = _HALF * parents.change[i]
        owner[i] = parents.owner[i]


@fast_kernel
def make_children(parents: Cells, n: int, part: float, turn: Any, cells: Cells) -> None:
    """Replace the level's cells by the four quarters of n parents.

    Quarters are `part` of a pixel on a side.

    First the first quarter of all, then the second of all, so that each is a loop over neighbours.

    Parameters
    ----------
    parents : Cells
    n : int
    part : float32, pixel
    turn : (float, float, float)
        Side of a pixel in arcsec, cosine and sine of the lens' angle.
    cells : Cells, written
    """
    side, cos_phi, sin_phi = turn
    for quarter in range(4):
        u, v = part * _QUARTERS[quarter, 0], part * _QUARTERS[quarter, 1]
        start = quarter * n
        _shifted(parents.x, np.float32(side * (u * cos_phi + v * sin_phi)), n, cells.x[start:])
        _shifted(parents.y, np.float32(side * (v * cos_phi - u * sin_phi)), n, cells.y[start:])
        _inherited(parents, n, cells.change[start:], cells.owner[start:])


@fast_kernel
def refine(
    c: Any, mode: int, tree: Tree, n: int, pixels: Any, finest: float, moments: Moments
) -> None:
    """Add the light of n pixels, splitting cells as often as needed.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    mode : int
        `udfs.core.system.power_mode`.
    tree : Tree
        Its cells have the pixels' centres, numbers and changes of the exponent.
    n : int
    pixels : (x, y, (side, cos, sin))
        Centres of all pixels in the lens' frame and side of a pixel, in arcsec; cosine and sine
        of the lens' angle.
    finest : float, R_e
        Part of the source within which the cusp is not resolved further.
    moments : Moments, added to
    """
    centre_x, centre_y, turn = pixels
    cells, leaves = tree.cells, tree.leaves
    part, level, n_leaves = _ONE, 0, 0
    while n > 0:
        split_scores(c, mode, cells, n, np.float32(turn[0] * part), np.float32(finest))
        n_parents, n_leaves = divide(tree, n, part, n_leaves, level < MAX_LEVEL)
        make_children(tree.parents, n_parents, part, turn, cells)
        n, part, level = 4 * n_parents, part * _HALF, level + 1
    sum_leaves(c, mode, leaves, n_leaves, turn)
    place_in_pixels(leaves, n_leaves, centre_x, centre_y, turn)
    fill_moments(leaves, n_leaves)
    give_to_pixels(leaves, n_leaves, moments)
