"""Quadrature of the pixels that one sample cannot hold.

A pixel near the image of the source's centre, or across which the light changes fast, becomes a
cell of a list. Cells that are still near the cusp or too steep are split in four, level by level,
and the others are summed by Gauss-Legendre nodes: 3x3 for a whole pixel, 2x2 for a part. All cells
of a level are handled together, node by node, so that the loops stay long.
"""

from typing import Any, NamedTuple

import numpy as np

from udfs.fast_math import exp2, log2
from udfs.fast_profile import TINY, exponents, radius_square, source_offset
from udfs.fast_system import (
    AXIS_11,
    AXIS_12,
    AXIS_21,
    AXIS_22,
    HALF_POWER,
    INVERSE_MINOR,
    KAPPA_SCALE,
    MAP_11,
    MAP_12,
    MAP_22,
    Q_SQUARE,
)
from udfs.jit import fast_kernel, whole_vectors

CUSP_MARGIN = np.float32(1.5)  # cells: with 1 the cusp is missed where the lens map bends
CENTRE_PART = np.float32(0.02)  # arcsec: smaller cells with the lens centre are summed as they are
NEAREST = np.float32(1e-6)  # smallest ratio of radii within a cell
RIDGE_MARGIN = np.float32(0.5)  # squared: elliptical radius over what a cell spans of it
MAX_STEP = np.float32(4.0)  # powers of two by which the light may change across a summed cell
MAX_LEVEL = 10  # halvings of a pixel
DARK = np.float32(10)  # a cell whose brightest point is below 2^-14 is summed as it is

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_HALF, _QUARTER = np.float32(0.5), np.float32(0.25)
_REACH = np.float32(0.75)


def gauss_nodes(order: int) -> np.ndarray:
    """Offsets in cells and weights of a product rule, (order^2, 3) float32."""
    node, weight = np.polynomial.legendre.leggauss(order)
    x, y = np.meshgrid(node / 2, node / 2)
    return np.stack([x, y, np.outer(weight, weight) / 4], axis=-1).reshape(-1, 3).astype("f4")


PIXEL_NODES, PART_NODES = gauss_nodes(3), gauss_nodes(2)


class Cells(NamedTuple):
    """Room for the lists of cells, reused from render to render.

    x, y are centres in the lens' frame (arcsec), owner the pixel; `split` says which to split,
    `next_*` are the parts, `leaf_*` the cells to sum and `node_*` their nodes.
    """

    x: np.ndarray
    y: np.ndarray
    change: np.ndarray
    owner: np.ndarray
    split: np.ndarray
    next_x: np.ndarray
    next_y: np.ndarray
    next_change: np.ndarray
    next_owner: np.ndarray
    leaf_x: np.ndarray
    leaf_y: np.ndarray
    leaf_owner: np.ndarray
    leaf_sum: np.ndarray
    node_x: np.ndarray
    node_y: np.ndarray
    node_exponent: np.ndarray


def make_cells(capacity: int) -> Cells:
    """Empty lists for at most `capacity` cells of one level."""
    integers = ("owner", "next_owner", "leaf_owner")
    return Cells(*[
        np.zeros(whole_vectors(capacity), np.int32 if name in integers else np.float32) for name in Cells._fields
    ])  # fmt: skip


@fast_kernel
def split_scores(c: Any, cells: Cells, n: int, side: float, finest: float) -> None:
    """Positive `split` for cells that their nodes cannot hold.

    These are cells with the lens centre; cells within reach of the cusp, whether in the image plane
    or in the source's own elliptical radius (a flat source makes a ridge along the arc); and cells
    that are too steep and not dark. The first two are split only while they span more than `finest`
    of the source.

    With A the Jacobian of the lens map, the image of the source's centre is A^-1 times the
    source-plane offset away. For an SIE A = 1 - 2 kappa t t^T - Gamma with t the tangential
    direction; near a critical curve its determinant vanishes, so its change over a cell is added.

    Parameters
    ----------
    c : packed system
    cells : Cells
    n : number of cells
    side : float32, arcsec
    finest : float32, R_e
    """
    margin = CUSP_MARGIN * side
    for i in range(whole_vectors(n)):
        x, y = cells.x[i], cells.y[i]
        bx, by = source_offset(c, x, y)
        inverse_square = _ONE / (x * x + y * y + TINY)
        two_kappa = c[KAPPA_SCALE] / np.sqrt(c[Q_SQUARE] * x * x + y * y + TINY)
        a11 = c[MAP_11] - two_kappa * y * y * inverse_square
        a22 = c[MAP_22] - two_kappa * x * x * inverse_square
        a12 = c[MAP_12] + two_kappa * x * y * inverse_square
        bend = two_kappa * side * np.sqrt(inverse_square)
        reach = margin * (abs(a11 * a22 - a12 * a12) + bend)
        cusp = reach - max(abs(a22 * bx - a12 * by), abs(a11 * by - a12 * bx))
        u, v = c[AXIS_11] * bx + c[AXIS_12] * by, c[AXIS_21] * bx + c[AXIS_22] * by
        ux, vx = c[AXIS_11] * a11 + c[AXIS_12] * a12, c[AXIS_21] * a11 + c[AXIS_22] * a12
        uy, vy = c[AXIS_11] * a12 + c[AXIS_12] * a22, c[AXIS_21] * a12 + c[AXIS_22] * a22
        radius = radius_square(c, bx, by)
        span_square = side * side * max(ux * ux + vx * vx, uy * uy + vy * vy)
        across, along = ux * ux + vx * vx, uy * uy + vy * vy
        span_square = side * side * max(across, along)
        radius = radius_square(c, bx, by)
        core = min(max(cusp, RIDGE_MARGIN * span_square - radius), span_square - finest * finest)
        centre = min(margin * margin * inverse_square - _ONE, side - CENTRE_PART)
        width = np.sqrt(across) + np.sqrt(along) + bend * c[INVERSE_MINOR]
        nearest = max(_ONE - _REACH * side * width / np.sqrt(radius), NEAREST)
        y0 = cells.node_exponent[i]
        lowest = y0 * exp2(_TWO * c[HALF_POWER] * log2(nearest))
        step = min(cells.change[i], _TWO * (y0 - lowest))
        steep = min(step - MAX_STEP, DARK - lowest)
        cells.split[i] = max(core, centre, steep)


@fast_kernel
def divide(cells: Cells, n: int, may_split: bool, corner: np.ndarray) -> Any:
    """Cells to be split go to `next_*` as their four parts, the others to `leaf_*`."""
    n_next, n_leaf, capacity = 0, 0, len(cells.next_x)
    for i in range(n):
        x, y, owner = cells.x[i], cells.y[i], cells.owner[i]
        if may_split and cells.split[i] > _ZERO and n_next + 4 <= capacity:
            for part in range(4):
                cells.next_x[n_next] = x + corner[part, 0]
                cells.next_y[n_next] = y + corner[part, 1]
                cells.next_change[n_next] = _HALF * cells.change[i]
                cells.next_owner[n_next] = owner
                n_next += 1
        else:
            cells.leaf_x[n_leaf], cells.leaf_y[n_leaf] = x, y
            cells.leaf_owner[n_leaf] = owner
            n_leaf += 1
    return n_next, n_leaf


@fast_kernel
def _move(
    source_x: np.ndarray, source_y: np.ndarray, dx: float, dy: float, n: int, cells: Cells
) -> None:
    for i in range(n):
        cells.node_x[i] = source_x[i] + dx
        cells.node_y[i] = source_y[i] + dy


@fast_kernel
def _add_light(exponent: np.ndarray, weight: float, n: int, out: np.ndarray) -> None:
    for i in range(n):
        out[i] += weight * exp2(-exponent[i])


@fast_kernel
def sum_leaves(c: Any, mode: int, cells: Cells, n: int, nodes: np.ndarray) -> None:
    """Mean light of each leaf; `nodes` are turned and scaled to the cell."""
    n = whole_vectors(n)
    cells.leaf_sum[:n] = _ZERO
    for k in range(len(nodes)):
        _move(cells.leaf_x, cells.leaf_y, nodes[k, 0], nodes[k, 1], n, cells)
        exponents(c, mode, cells.node_x, cells.node_y, n, cells.node_exponent)
        _add_light(cells.node_exponent, nodes[k, 2], n, cells.leaf_sum)


@fast_kernel
def turned(nodes: np.ndarray, side: float, cos_phi: float, sin_phi: float) -> np.ndarray:
    """Offsets of the pixel frame, in cells, as offsets in the lens' frame, in arcsec."""
    out = nodes.copy()
    for k in range(len(nodes)):
        out[k, 0] = np.float32(side * (nodes[k, 0] * cos_phi + nodes[k, 1] * sin_phi))
        out[k, 1] = np.float32(side * (nodes[k, 1] * cos_phi - nodes[k, 0] * sin_phi))
    return out


_CORNERS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)], np.float32)


@fast_kernel
def refine(
    c: Any, mode: int, cells: Cells, n: int, turn: Any, finest: float, mean: np.ndarray
) -> None:
    """Add the mean light of n pixels to `mean`, splitting cells.

    Parameters
    ----------
    c, mode : packed system and its power mode
    cells : Cells
        With the pixels' centres and numbers in x, y and owner.
    n : int
    turn : (float, float, float)
        Side of a pixel in arcsec, cosine and sine of the lens' angle.
    finest : float, R_e
        Part of the source within which the cusp is not resolved further.
    mean : (n_pixels,) float32, added to
    """
    side, cos_phi, sin_phi = turn
    area, level = _ONE, 0
    while n > 0:
        exponents(c, mode, cells.x, cells.y, whole_vectors(n), cells.node_exponent)
        split_scores(c, cells, n, np.float32(side), np.float32(finest))
        corner = turned(_CORNERS, side, cos_phi, sin_phi)
        n_next, n_leaf = divide(cells, n, level < MAX_LEVEL, corner)
        nodes = turned(PIXEL_NODES if level == 0 else PART_NODES, side, cos_phi, sin_phi)
        sum_leaves(c, mode, cells, n_leaf, nodes)
        for i in range(n_leaf):
            mean[cells.leaf_owner[i]] += area * cells.leaf_sum[i]
        for i in range(n_next):
            cells.x[i], cells.y[i] = cells.next_x[i], cells.next_y[i]
            cells.change[i], cells.owner[i] = cells.next_change[i], cells.next_owner[i]
        n, side, area, level = n_next, 0.5 * side, area * _QUARTER, level + 1
