"""Cells that are fine enough, summed and given to their pixels.

The sums are over Gauss-Legendre nodes.

The leaves of all levels stand in one list, so that the loops over them are long: a list of a few
dozen takes longer to start on than to go through. They are worked on in chunks that stay in the
first-level cache with all their nodes.
"""

from typing import Any, NamedTuple

import numpy as np

from udfs.core.math import exp2
from udfs.core.moments import Moments
from udfs.core.profile import exponents
from udfs.jit import fast_kernel, padded_length, whole_vectors

CHUNK = 256
_TWO, _12TH = np.float32(2), np.float32(1 / 12)


def gauss_nodes(order: int) -> np.ndarray:
    """Return the offsets and weights of a Gauss-Legendre product rule.

    Parameters
    ----------
    order : int

    Returns
    -------
    (order^2, 3) float32
        Offsets along x and y in cells, and weight.
    """
    node, weight = np.polynomial.legendre.leggauss(order)
    x, y = np.meshgrid(node / 2, node / 2)
    return np.stack([x, y, np.outer(weight, weight) / 4], axis=-1).reshape(-1, 3).astype("f4")


NODES = gauss_nodes(2)


class Leaves(NamedTuple):
    """Room for the leaves of one render.

    x, y are centres in the lens' frame (arcsec), part the side (pixels), u and v the centre's offset
    from that of the pixel `owner` (pixels). `light` is the mean light of a leaf, then its light in
    pixels; `light_u` and so on are its moments about the centre of the pixel.
    """

    x: np.ndarray
    y: np.ndarray
    part: np.ndarray
    owner: np.ndarray
    u: np.ndarray
    v: np.ndarray
    light: np.ndarray
    light_u: np.ndarray
    light_v: np.ndarray
    light_uu: np.ndarray
    light_vv: np.ndarray
    light_uv: np.ndarray
    node_x: np.ndarray
    node_y: np.ndarray
    node_light: np.ndarray


def make_leaves(capacity: int) -> Leaves:
    """Make an empty list for at most `capacity` leaves.

    It has room for whole vectors beyond.
    """
    n_nodes = padded_length(len(NODES) * CHUNK)
    n_leaves = padded_length(capacity) + CHUNK
    return Leaves(*[
        np.zeros(n_nodes if name.startswith("node") else n_leaves, np.uint32 if name == "owner" else np.float32)
        for name in Leaves._fields
    ])  # fmt: skip


@fast_kernel
def _place(centre: np.ndarray, part: np.ndarray, step: float, n: int, out: np.ndarray) -> None:
    """Move centres by a step times the side of each leaf."""
    for i in range(n):
        out[i] = centre[i] + part[i] * step


@fast_kernel
def _to_light(values: np.ndarray, n: int) -> None:
    """Turn exponents into light."""
    for i in range(n):
        values[i] = exp2(-values[i])


@fast_kernel
def _add_node(
    light: np.ndarray, node: Any, n: int, out: np.ndarray, out_u: np.ndarray, out_v: np.ndarray
) -> None:
    """Add the light at a node (offset in cells, weight) of every leaf."""
    u, v, weight = node
    for i in range(n):
        weighted = weight * light[i]
        out[i] += weighted
        out_u[i] += u * weighted
        out_v[i] += v * weighted


@fast_kernel
def _sum_chunk(c: Any, mode: int, leaves: Leaves, start: int, n: int, turn: Any) -> None:
    """Do `sum_leaves` for up to a chunk of leaves, a multiple of 16."""
    side, cos_phi, sin_phi = turn
    x, y, part = leaves.x[start:], leaves.y[start:], leaves.part[start:]
    out, out_u, out_v = leaves.light[start:], leaves.light_u[start:], leaves.light_v[start:]
    for k in range(len(NODES)):
        dx = np.float32(side * (NODES[k, 0] * cos_phi + NODES[k, 1] * sin_phi))
        dy = np.float32(side * (NODES[k, 1] * cos_phi - NODES[k, 0] * sin_phi))
        _place(x, part, dx, n, leaves.node_x[k * n :])
        _place(y, part, dy, n, leaves.node_y[k * n :])
    n_nodes = whole_vectors(len(NODES) * n)
    exponents(c, mode, leaves.node_x, leaves.node_y, n_nodes, leaves.node_light)
    _to_light(leaves.node_light, n_nodes)
    out[:n], out_u[:n], out_v[:n] = np.float32(0), np.float32(0), np.float32(0)
    for k in range(len(NODES)):
        node = (NODES[k, 0], NODES[k, 1], NODES[k, 2])
        _add_node(leaves.node_light[k * n :], node, n, out, out_u, out_v)


@fast_kernel
def sum_leaves(c: Any, mode: int, leaves: Leaves, n: int, turn: Any) -> None:
    """Sum the light of n leaves over nodes, and its first moments.

    `light` becomes the mean light, `light_u` and `light_v` the moments in leaves.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    mode : int
        `udfs.core.system.power_mode`.
    leaves : Leaves
    n : int
    turn : (float, float, float)
        Side of a pixel in arcsec, cosine and sine of the lens' angle.
    """
    for start in range(0, n, CHUNK):
        n_in_chunk = (min(CHUNK, n - start) + 15) & ~15
        _sum_chunk(c, mode, leaves, start, n_in_chunk, turn)


@fast_kernel
def place_in_pixels(
    leaves: Leaves, n: int, centre_x: np.ndarray, centre_y: np.ndarray, turn: Any
) -> None:
    """Fill the offsets of n leaves from the centres of their pixels.

    Parameters
    ----------
    leaves : Leaves
    n : int
    centre_x, centre_y : (n_pixel,) float32, arcsec
        Centres of the pixels in the lens' frame.
    turn : (float, float, float)
        Side of a pixel in arcsec, cosine and sine of the lens' angle.
    """
    side, cos_phi, sin_phi = np.float32(turn[0]), np.float32(turn[1]), np.float32(turn[2])
    along, across = cos_phi / side, sin_phi / side
    x, y, owner, u, v = leaves.x, leaves.y, leaves.owner, leaves.u, leaves.v
    for i in range(n):
        dx, dy = x[i] - centre_x[owner[i]], y[i] - centre_y[owner[i]]
        u[i] = dx * along - dy * across
        v[i] = dx * across + dy * along


@fast_kernel
def _integrate(part: np.ndarray, n: int, light: np.ndarray) -> None:
    """Turn the mean light of leaves into light in pixels."""
    for i in range(n):
        light[i] *= part[i] * part[i]


@fast_kernel
def _shift_first(
    part: np.ndarray, place: np.ndarray, light: np.ndarray, n: int, first: np.ndarray
) -> None:
    """Move first moments from the leaf's centre to the pixel's.

    In: moments in leaves. Out: in pixels, times the light.
    """
    for i in range(n):
        first[i] = first[i] * part[i] * part[i] * part[i] + place[i] * light[i]


@fast_kernel
def _second(
    part: np.ndarray,
    place: np.ndarray,
    light: np.ndarray,
    first: np.ndarray,
    n: int,
    out: np.ndarray,
) -> None:
    """Fill second moments about the pixel's centre.

    Within a leaf the light is taken to be as wide as if it were flat.
    """
    for i in range(n):
        own = part[i] * part[i] * _12TH - place[i] * place[i]
        out[i] = own * light[i] + _TWO * place[i] * first[i]


@fast_kernel
def _mixed(leaves: Leaves, n: int) -> None:
    """Fill the mixed moments about the pixel's centre."""
    u, v, light, out = leaves.u, leaves.v, leaves.light, leaves.light_uv
    light_u, light_v = leaves.light_u, leaves.light_v
    for i in range(n):
        out[i] = u[i] * light_v[i] + v[i] * light_u[i] - u[i] * v[i] * light[i]


@fast_kernel
def fill_moments(leaves: Leaves, n: int) -> None:
    """Fill moments about the pixels' centres from the sums over nodes.

    One quantity at a time.

    With I the light of a leaf at offset u and M its first moment about its own centre, the first
    moment about the pixel's is U = u I + M and the second u^2 I + 2 u M + I s^2 / 12 = 2 u U - u^2 I + I s^2 / 12.
    """
    n = whole_vectors(n)
    _integrate(leaves.part, n, leaves.light)
    _shift_first(leaves.part, leaves.u, leaves.light, n, leaves.light_u)
    _shift_first(leaves.part, leaves.v, leaves.light, n, leaves.light_v)
    _second(leaves.part, leaves.u, leaves.light, leaves.light_u, n, leaves.light_uu)
    _second(leaves.part, leaves.v, leaves.light, leaves.light_v, n, leaves.light_vv)
    _mixed(leaves, n)


@fast_kernel
def give_to_pixels(leaves: Leaves, n: int, moments: Moments) -> None:
    """Add the moments of n leaves to those of their pixels."""
    for i in range(n):
        owner = leaves.owner[i]
        moments.mean[owner] += leaves.light[i]
        moments.x[owner] += leaves.light_u[i]
        moments.y[owner] += leaves.light_v[i]
        moments.xx[owner] += leaves.light_uu[i]
        moments.yy[owner] += leaves.light_vv[i]
        moments.xy[owner] += leaves.light_uv[i]
