"""The exponent of the lensed Sersic profile at many points, one vector pass.

Exponents are in powers of two, y = log2(e) b (R / R_e)^(1/n), so that the light is 2^-y of the
central brightness.
"""

from typing import Any

import numpy as np

from udfs.fast_math import exp2, log2
from udfs.fast_sie import CENTRE, polynomial
from udfs.fast_system import (
    AXIS_11,
    AXIS_12,
    AXIS_21,
    AXIS_22,
    CENTRE_X,
    CENTRE_Y,
    HALF_POWER,
    MAP_11,
    MAP_12,
    MAP_22,
    N_COEFFICIENTS,
    ONE_ROOT,
    ROOT_Q,
    STEEPNESS,
    THREE_ROOTS,
)
from udfs.jit import fast_kernel

_ONE = np.float32(1.0)
TINY = np.float32(1e-12)  # arcsec^2, keeps the lens centre finite
SMALLEST_SQUARE = np.float32(1e-16)  # of R / R_e


@fast_kernel
def source_offset(c: Any, x: float, y: float) -> Any:
    """Source-plane position relative to the source, arcsec, in the frame of the lens' major axis."""
    stretched = x * c[ROOT_Q]
    inverse = _ONE / np.sqrt(stretched * stretched + y * y + TINY)
    major, minor = stretched * inverse, y * inverse
    t = major * major - CENTRE
    bx = c[MAP_11] * x + c[MAP_12] * y - c[CENTRE_X] - major * polynomial(c, 0, t)
    by = c[MAP_12] * x + c[MAP_22] * y - c[CENTRE_Y] - minor * polynomial(c, N_COEFFICIENTS, t)
    return bx, by


@fast_kernel
def radius_square(c: Any, bx: float, by: float) -> Any:
    """(R / R_e)^2 of a source-plane offset, never 0."""
    u, v = c[AXIS_11] * bx + c[AXIS_12] * by, c[AXIS_21] * bx + c[AXIS_22] * by
    return max(u * u + v * v, SMALLEST_SQUARE)


@fast_kernel
def _radius_squares(c: Any, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    for i in range(n):
        bx, by = source_offset(c, x[i], y[i])
        out[i] = radius_square(c, bx, by)


@fast_kernel
def _one_root(steepness: float, values: np.ndarray, n: int) -> None:
    for i in range(n):
        values[i] = steepness * np.sqrt(values[i])


@fast_kernel
def _three_roots(steepness: float, values: np.ndarray, n: int) -> None:
    for i in range(n):
        values[i] = steepness * np.sqrt(np.sqrt(np.sqrt(values[i])))


@fast_kernel
def _any_power(half_power: float, steepness: float, values: np.ndarray, n: int) -> None:
    for i in range(n):
        values[i] = exp2(half_power * log2(values[i]) + steepness)


@fast_kernel
def to_exponents(c: Any, mode: int, values: np.ndarray, n: int) -> None:
    """Turn n values of (R / R_e)^2 into exponents, in place.

    The choice of the power stands outside the loops: a branch inside costs as much as the general
    power, which takes as long as all the lensing (0.5 ns a point).

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.fast_system.pack`).
    mode : int
        `udfs.fast_system.power_mode`.
    values : (n,) float32
    n : int
    """
    if mode == ONE_ROOT:
        _one_root(c[STEEPNESS], values, n)
    elif mode == THREE_ROOTS:
        _three_roots(c[STEEPNESS], values, n)
    else:
        _any_power(c[HALF_POWER], c[STEEPNESS], values, n)


@fast_kernel
def exponents(c: Any, mode: int, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    """Exponents at n points (x, y) of the lens' frame, arcsec, into `out`."""
    _radius_squares(c, x, y, n, out)
    to_exponents(c, mode, out, n)
