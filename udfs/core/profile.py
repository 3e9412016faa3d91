"""The exponent of the lensed Sersic profile at many points, one vector pass.

Exponents are in powers of two, y = log2(e) b (R / R_e)^(1/n), so that the light is 2^-y of the
central brightness.
"""

from typing import Any

import numpy as np

from udfs.core.math import exp2, log2
from udfs.core.sie import CENTRE, polynomial
from udfs.core.system import (
    ANY_POWER,
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
from udfs.jit import fast_kernel, inlined

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


@inlined
def exponent_of(c: Any, mode: int, square: float) -> Any:
    """Exponent at (R / R_e)^2 = `square`, for a `mode` that is a constant where this is called.

    A choice inside a loop costs as much as the general power, which takes as long as all the lensing
    (0.5 ns a point); of a constant nothing is left. The roots stand in the loop that lenses and not in
    one of their own: they run beside its products, which takes a fifth off for de Vaucouleurs'.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    mode : int
        `udfs.core.system.power_mode`.
    square : float32
    """
    if mode == ONE_ROOT:
        return c[STEEPNESS] * np.sqrt(square)
    if mode == THREE_ROOTS:
        return c[STEEPNESS] * np.sqrt(np.sqrt(np.sqrt(square)))
    return exp2(c[HALF_POWER] * log2(square) + c[STEEPNESS])


@inlined
def _exponents(c: Any, mode: int, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    for i in range(n):
        bx, by = source_offset(c, x[i], y[i])
        out[i] = exponent_of(c, mode, radius_square(c, bx, by))


@fast_kernel
def _radius_squares(c: Any, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    for i in range(n):
        bx, by = source_offset(c, x[i], y[i])
        out[i] = radius_square(c, bx, by)


@fast_kernel
def _any_powers(c: Any, values: np.ndarray, n: int) -> None:
    for i in range(n):
        values[i] = exponent_of(c, ANY_POWER, values[i])


@fast_kernel
def exponents(c: Any, mode: int, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    """Exponents at n points (x, y) of the lens' frame, arcsec, into `out`.

    The general power has a loop of its own, which takes a tenth off a render: perhaps because its
    numbers and those of the lens do not find room in the registers together.
    """
    if mode == ONE_ROOT:
        _exponents(c, ONE_ROOT, x, y, n, out)
    elif mode == THREE_ROOTS:
        _exponents(c, THREE_ROOTS, x, y, n, out)
    else:
        _radius_squares(c, x, y, n, out)
        _any_powers(c, out, n)
