"""Magnification of a source by rays from the lens.

Independent of pixels, stamps and PSF.

The deflection of an SIE with external shear depends on the direction phi alone, so along a ray
theta = r (cos phi, sin phi) the source-plane position is a straight line, and

    flux = int dphi int r I(beta(r, phi)) dr

has an inner integral along a line that passes the source's centre at an impact parameter p. The
directions where p = 0 are those of the images: intervals of phi near them are halved until p
changes little against the core of the light, all others are summed by three Gauss nodes.
"""

from math import exp
from typing import Any, NamedTuple

import numpy as np

from udfs.core.math import exp2
from udfs.core.profile import SMALLEST_SQUARE, exponent_of
from udfs.core.sie import CENTRE, N_COEFFICIENTS, polynomial
from udfs.core.system import (
    ANY_POWER,
    AXIS_11,
    AXIS_12,
    AXIS_21,
    AXIS_22,
    CENTRE_X,
    CENTRE_Y,
    MAP_11,
    MAP_12,
    MAP_22,
    ONE_ROOT,
    ROOT_Q,
    THREE_ROOTS,
)
from udfs.jit import fast_kernel, inlined, padded_length, whole_vectors

N_INTERVALS = 48
N_RADIAL = 20
CUSP_MARGIN = np.float32(1.5)
MAX_LEVEL = 12
CAPACITY = 4096
# Change of the impact parameter, in R_e, over an interval that needs no halving, and how it shrinks
# with the Sersic index
FINEST_CHANGE, FINEST_POWER = 0.2, -1.66

_ZERO, _ONE, _HALF, _QUARTER = (np.float32(v) for v in (0, 1, 0.5, 0.25))
_SIXTH, _24TH = np.float32(1 / 6), np.float32(1 / 24)
_WIDTH = np.float32(2 * np.pi / N_INTERVALS)
_ANGLE = (np.arange(N_INTERVALS) + 0.5) * 2 * np.pi / N_INTERVALS
_COS, _SIN = np.cos(_ANGLE).astype(np.float32), np.sin(_ANGLE).astype(np.float32)
_NODE, _WEIGHT = (v.astype(np.float32) / 2 for v in np.polynomial.legendre.leggauss(3))
_RADIAL_NODE, _RADIAL_WEIGHT = np.polynomial.legendre.leggauss(N_RADIAL)
RADIAL_NODE, RADIAL_WEIGHT = (1 + _RADIAL_NODE) / 2, _RADIAL_WEIGHT / 2
_LOG_NODE = np.log(RADIAL_NODE)


class Rays(NamedTuple):
    """Room for intervals, for their ends and for rays.

    An interval is an index of the table of directions and the offset of its middle (radian).
    """

    table_index: np.ndarray
    offset: np.ndarray
    next_index: np.ndarray
    next_offset: np.ndarray
    end_index: np.ndarray
    end_offset: np.ndarray
    impact: np.ndarray
    turning: np.ndarray
    inverse_speed: np.ndarray
    ray_index: np.ndarray
    ray_offset: np.ndarray
    ray_weight: np.ndarray
    line: np.ndarray


def make_rays() -> Rays:
    """Make empty lists."""
    return Rays(*[
        np.zeros(padded_length(3 * CAPACITY), np.int32 if name.endswith("index") else np.float32)
        for name in Rays._fields
    ])  # fmt: skip


@fast_kernel
def trace(
    c: Any,
    rays: Rays,
    index: np.ndarray,
    offset: np.ndarray,
    n: int,
) -> None:
    """Trace n rays: impact parameter, nearest radius and 1 / speed.

    A ray's direction is that of its interval turned by the offset, which is small, so that a short
    series does for sine and cosine.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    rays : Rays
        `impact` (R_e, signed), `turning` (arcsec) and `inverse_speed` (arcsec / R_e) are
        written.
    index : (n or more,) int32
        Place in the table of directions.
    offset : (n or more,) float32, radian
    n : int
    """
    for i in range(whole_vectors(n)):
        d = offset[i]
        square = d * d
        cos_d = _ONE - square * (_HALF - square * _24TH)
        sin_d = d * (_ONE - square * _SIXTH)
        x = _COS[index[i]] * cos_d - _SIN[index[i]] * sin_d
        y = _SIN[index[i]] * cos_d + _COS[index[i]] * sin_d
        stretched = c[ROOT_Q] * x
        inverse = _ONE / np.sqrt(stretched * stretched + y * y)
        major, minor = stretched * inverse, y * inverse
        t = major * major - CENTRE
        ax = c[CENTRE_X] + major * polynomial(c, 0, t)
        ay = c[CENTRE_Y] + minor * polynomial(c, N_COEFFICIENTS, t)
        bx, by = c[MAP_11] * x + c[MAP_12] * y, c[MAP_12] * x + c[MAP_22] * y
        mu, mv = c[AXIS_11] * bx + c[AXIS_12] * by, c[AXIS_21] * bx + c[AXIS_22] * by
        au, av = c[AXIS_11] * ax + c[AXIS_12] * ay, c[AXIS_21] * ax + c[AXIS_22] * ay
        speed_square = mu * mu + mv * mv
        inverse_speed = _ONE / np.sqrt(speed_square)
        rays.impact[i] = (mu * av - mv * au) * inverse_speed
        rays.turning[i] = (mu * au + mv * av) / speed_square
        rays.inverse_speed[i] = inverse_speed


@fast_kernel
def _list_ends(rays: Rays, n: int, width: float) -> None:
    """List both ends of n intervals as one list of rays.

    It takes less time to trace than two short ones.
    """
    for i in range(n):
        rays.end_index[i] = rays.end_index[n + i] = rays.table_index[i]
        rays.end_offset[i] = rays.offset[i] - _HALF * width
        rays.end_offset[n + i] = rays.offset[i] + _HALF * width


@fast_kernel
def _sort_intervals(
    rays: Rays, n: int, n_rays: int, width: float, finest: float, reach: float
) -> Any:
    """Halve the intervals near an image and give rays to the others.

    Those without light are dropped.
    """
    n_next = 0
    for i in range(n):
        p0, p1 = rays.impact[i], rays.impact[n + i]
        change, nearest = abs(p1 - p0), min(abs(p0), abs(p1))
        is_near = p0 * p1 <= _ZERO or nearest < CUSP_MARGIN * change
        if not is_near and nearest > reach + change:
            continue
        if is_near and change > finest and n_next + 2 <= CAPACITY:
            for half in range(2):
                rays.next_index[n_next] = rays.table_index[i]
                rays.next_offset[n_next] = rays.offset[i] + (half - _HALF) * _HALF * width
                n_next += 1
        elif n_rays + 3 <= 3 * CAPACITY:
            for k in range(3):
                rays.ray_index[n_rays] = rays.table_index[i]
                rays.ray_offset[n_rays] = rays.offset[i] + width * _NODE[k]
                rays.ray_weight[n_rays] = width * _WEIGHT[k]
                n_rays += 1
    return n_next, n_rays


@fast_kernel
def _choose_rays(c: Any, rays: Rays, finest: float, reach: float) -> int:
    """Fill the list of rays with their weights; return their number."""
    n, n_rays, width = N_INTERVALS, 0, _WIDTH
    for i in range(n):
        rays.table_index[i], rays.offset[i] = i, _ZERO
    for level in range(MAX_LEVEL + 1):
        _list_ends(rays, n, width)
        trace(c, rays, rays.end_index, rays.end_offset, 2 * n)
        limit = finest if level < MAX_LEVEL else np.float32(np.inf)
        n, n_rays = _sort_intervals(rays, n, n_rays, width, limit, reach)
        for i in range(n):
            rays.table_index[i], rays.offset[i] = rays.next_index[i], rays.next_offset[i]
        width *= _HALF
        if n == 0:
            break
    return n_rays


@inlined
def _add_light(c: Any, mode: int, rays: Any, tau: float, weight: float, n: int) -> None:
    """Do `_add_line` for a mode that is a constant."""
    impact, turning, inverse_speed, line = rays
    for i in range(n):
        square = max(impact[i] * impact[i] + tau * tau, SMALLEST_SQUARE)
        step = tau * inverse_speed[i]
        radius = max(turning[i] + step, _ZERO) + max(turning[i] - step, _ZERO)
        line[i] += weight * radius * exp2(-exponent_of(c, mode, square))


@fast_kernel
def _add_line(c: Any, mode: int, rays: Any, tau: float, weight: float, n: int) -> None:
    """Add the light at tau on both sides of the rays' nearest points.

    It is multiplied by the radius where that is positive.
    """
    if mode == ONE_ROOT:
        _add_light(c, ONE_ROOT, rays, tau, weight, n)
    elif mode == THREE_ROOTS:
        _add_light(c, THREE_ROOTS, rays, tau, weight, n)
    else:
        _add_light(c, ANY_POWER, rays, tau, weight, n)


@fast_kernel
def lensed_flux(c: Any, mode: int, index: float, reach: float, rays: Rays) -> float:
    """Return the lensed flux over the central brightness, arcsec^2.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    mode : int
        `udfs.core.system.power_mode`.
    index : float
        Sersic index; the nodes along a ray are spaced as its power, denser towards the cusp.
    reach : float, R_e
        Radius beyond which the source's light is neglected.
    rays : Rays

    Returns
    -------
    float, arcsec^2
    """
    finest = FINEST_CHANGE * max(index, 1.0) ** FINEST_POWER
    n = _choose_rays(c, rays, np.float32(finest), np.float32(reach))
    trace(c, rays, rays.ray_index, rays.ray_offset, n)
    n_padded = whole_vectors(n)
    rays.line[:n_padded] = _ZERO
    lines = rays.impact, rays.turning, rays.inverse_speed, rays.line
    power = max(2.0, index + 1.0)
    for k in range(N_RADIAL):
        slope = exp((power - 1) * _LOG_NODE[k])  # s^(power - 1), by the node's logarithm
        tau = reach * slope * RADIAL_NODE[k]
        weight = RADIAL_WEIGHT[k] * reach * power * slope
        _add_line(c, mode, lines, np.float32(tau), np.float32(weight), n_padded)
    total = 0.0
    for i in range(n):
        total += float(rays.line[i] * rays.inverse_speed[i] * rays.ray_weight[i])
    return total
