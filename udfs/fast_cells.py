"""Quadrature of the pixels that one sample cannot hold.

A pixel near the image of the source's centre, or across which the light changes fast, becomes a
cell of a list. Cells that are still near the cusp or too steep are split in four, level by level,
and the others are summed by Gauss-Legendre nodes: 3x3 for a whole pixel, 2x2 for a part. All cells
of a level are handled together, node by node, so that the loops stay long.
"""

from typing import Any, NamedTuple

import numpy as np

from udfs.fast_math import exp2, log2
from udfs.fast_moments import Moments
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
CENTRE_REACH = np.float32(4)  # squared, in cells: a source as near may peak at the lens centre
CENTRE_PART = np.float32(0.02)  # arcsec: smaller cells with the lens centre are summed as they are
NEAREST = np.float32(1e-6)  # smallest ratio of radii within a cell
RIDGE_MARGIN = np.float32(0.5)  # squared: elliptical radius over what a cell spans of it
# Powers of two by which the light may change across a summed cell. With 6 a fifth fewer cells are
# summed, but the flux of flat sources is off by up to 0.6 %; with 4.5 by 0.3 %.
MAX_STEP = np.float32(4.5)
MAX_LEVEL = 10  # halvings of a pixel
DARK = np.float32(10)  # a cell whose brightest point is below 2^-14 is summed as it is

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_HALF, _12TH = np.float32(0.5), np.float32(1 / 12)
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
    `next_*` are the parts, `leaf_*` the cells to sum (with the first moments of their light, in cells) and
    `node_*` their nodes.
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
    leaf_x_sum: np.ndarray
    leaf_y_sum: np.ndarray
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
    of the source. Where the lens centre is the map is not linear, and the rule for the cusp would
    ask for ever smaller cells; there it holds only if the source is as near as two cells.

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
        across, along = ux * ux + vx * vx, uy * uy + vy * vy
        span_square = side * side * max(across, along)
        radius = radius_square(c, bx, by)
        core = min(max(cusp, RIDGE_MARGIN * span_square - radius), span_square - finest * finest)
        nearness = margin * margin * inverse_square - _ONE
        centre = min(nearness, side - CENTRE_PART)
        width = np.sqrt(across) + np.sqrt(along) + bend * c[INVERSE_MINOR]
        nearest = max(_ONE - _REACH * side * width / np.sqrt(radius), NEAREST)
        y0 = cells.node_exponent[i]
        lowest = y0 * exp2(_TWO * c[HALF_POWER] * log2(nearest))
        step = min(cells.change[i], _TWO * (y0 - lowest))
        steep = min(step - MAX_STEP, DARK - lowest)
        outside = max(-nearness, CENTRE_REACH * side * side - bx * bx - by * by)
        cells.split[i] = max(min(core, outside), centre, steep)


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
def next_level(cells: Cells) -> Cells:
    """The lists with the parts in the place of their cells: they change names, nothing is copied."""
    return Cells(
        cells.next_x,
        cells.next_y,
        cells.next_change,
        cells.next_owner,
        cells.split,
        cells.x,
        cells.y,
        cells.change,
        cells.owner,
        cells.leaf_x,
        cells.leaf_y,
        cells.leaf_owner,
        cells.leaf_sum,
        cells.leaf_x_sum,
        cells.leaf_y_sum,
        cells.node_x,
        cells.node_y,
        cells.node_exponent,
    )


@fast_kernel
def turned(nodes: np.ndarray, turn: Any) -> np.ndarray:
    """Offsets of the pixel frame, in cells, as offsets in the lens' frame, in arcsec."""
    side, cos_phi, sin_phi = turn
    out = nodes.copy()
    for k in range(len(nodes)):
        out[k, 0] = np.float32(side * (nodes[k, 0] * cos_phi + nodes[k, 1] * sin_phi))
        out[k, 1] = np.float32(side * (nodes[k, 1] * cos_phi - nodes[k, 0] * sin_phi))
    return out


@fast_kernel
def _move(cells: Cells, dx: float, dy: float, n: int) -> None:
    """Put every leaf's node at an offset from its centre."""
    for i in range(n):
        cells.node_x[i] = cells.leaf_x[i] + dx
        cells.node_y[i] = cells.leaf_y[i] + dy


@fast_kernel
def _add_light(cells: Cells, node: Any, n: int) -> None:
    """Add the light at a node (offset x and y in cells, weight) of every leaf."""
    x, y, weight = node
    exponent, out = cells.node_exponent, cells.leaf_sum
    out_x, out_y = cells.leaf_x_sum, cells.leaf_y_sum
    for i in range(n):
        light = weight * exp2(-exponent[i])
        out[i] += light
        out_x[i] += x * light
        out_y[i] += y * light


@fast_kernel
def sum_leaves(c: Any, mode: int, cells: Cells, n: int, nodes: np.ndarray, turn: Any) -> None:
    """Mean light of each leaf and its first moments by Gauss-Legendre nodes.

    Parameters
    ----------
    c, mode : packed system and its power mode
    cells : Cells
    n : number of leaves
    nodes : (n_nodes, 3) float32
        Offsets in cells, and weights.
    turn : (float, float, float)
        Side of a leaf in arcsec, cosine and sine of the lens' angle.
    """
    n = whole_vectors(n)
    cells.leaf_sum[:n], cells.leaf_x_sum[:n], cells.leaf_y_sum[:n] = _ZERO, _ZERO, _ZERO
    in_lens_frame = turned(nodes, turn)
    for k in range(len(nodes)):
        _move(cells, in_lens_frame[k, 0], in_lens_frame[k, 1], n)
        exponents(c, mode, cells.node_x, cells.node_y, n, cells.node_exponent)
        _add_light(cells, (nodes[k, 0], nodes[k, 1], nodes[k, 2]), n)


_CORNERS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)], np.float32)


@fast_kernel
def _give_to_pixels(cells: Cells, n: int, part: float, pixels: Any, moments: Moments) -> None:
    """Add the light of n leaves, `part` of a pixel on a side, to the moments of their pixels.

    `pixels` are the pixels' centres in the lens' frame and the turn of a pixel. Within a leaf the
    light is taken to be as wide as if it were flat.
    """
    centre_x, centre_y, (scale, cos_phi, sin_phi) = pixels
    area, own_variance = part * part, part * part * _12TH
    for i in range(n):
        owner = cells.leaf_owner[i]
        dx, dy = cells.leaf_x[i] - centre_x[owner], cells.leaf_y[i] - centre_y[owner]
        x = np.float32((dx * cos_phi - dy * sin_phi) / scale)
        y = np.float32((dx * sin_phi + dy * cos_phi) / scale)
        light = area * cells.leaf_sum[i]
        inner_x = area * part * cells.leaf_x_sum[i]
        inner_y = area * part * cells.leaf_y_sum[i]
        moments.mean[owner] += light
        moments.x[owner] += x * light + inner_x
        moments.y[owner] += y * light + inner_y
        moments.xx[owner] += (x * x + own_variance) * light + _TWO * x * inner_x
        moments.yy[owner] += (y * y + own_variance) * light + _TWO * y * inner_y
        moments.xy[owner] += x * y * light + x * inner_y + y * inner_x


@fast_kernel
def refine(
    c: Any, mode: int, cells: Cells, n: int, pixels: Any, finest: float, moments: Moments
) -> None:
    """Add the light of n pixels to `moments`, splitting cells as often as it takes.

    Parameters
    ----------
    c, mode : packed system and its power mode
    cells : Cells
        With the pixels' centres, numbers and changes of the exponent.
    n : int
    pixels : (x, y, (side, cos, sin))
        Centres of all pixels in the lens' frame, side of a pixel in arcsec, and the lens' angle.
    finest : float, R_e
        Part of the source within which the cusp is not resolved further.
    moments : Moments
    """
    scale, cos_phi, sin_phi = pixels[2]
    part, level = _ONE, 0
    while n > 0:
        turn = (scale * part, cos_phi, sin_phi)
        exponents(c, mode, cells.x, cells.y, whole_vectors(n), cells.node_exponent)
        split_scores(c, cells, n, np.float32(turn[0]), np.float32(finest))
        n_next, n_leaf = divide(cells, n, level < MAX_LEVEL, turned(_CORNERS, turn))
        sum_leaves(c, mode, cells, n_leaf, PIXEL_NODES if level == 0 else PART_NODES, turn)
        _give_to_pixels(cells, n_leaf, part, pixels, moments)
        cells = next_level(cells)
        n, part, level = n_next, part * _HALF, level + 1
