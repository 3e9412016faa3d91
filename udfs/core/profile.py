"""The exponent of the lensed Sersic profile, in one vector pass.

At many points at once.

Exponents are in powers of two, y = log2(e) b (R / R_e)^(1/n), so that the light is 2^-y of the
central brightness.
"""

from typing import Any

import numpy as np

from udfs.core.math import exp2, log2
from udfs.core.sie import CENTRE, N_COEFFICIENTS, polynomial
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
    """Return the source-plane position relative to the source, arcsec.

    In the frame of the lens' major axis.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    x, y : float32, arcsec
        Image-plane position in the frame of the lens' major axis.

    Returns
    -------
    bx, by : float32, arcsec
    """
    stretched = x * c[ROOT_Q]
    inverse = _ONE / np.sqrt(stretched * stretched + y * y + TINY)
    major, minor = stretched * inverse, y * inverse
    t = major * major - CENTRE
    bx = c[MAP_11] * x + c[MAP_12] * y - c[CENTRE_X] - major * polynomial(c, 0, t)
    by = c[MAP_12] * x + c[MAP_22] * y - c[CENTRE_Y] - minor * polynomial(c, N_COEFFICIENTS, t)
    return bx, by


@fast_kernel
def radius_square(c: Any, bx: float, by: float) -> Any:
    """Return (R / R_e)^2 of a source-plane offset, never 0.

    Parameters
    ----------
    c : tuple of 33 float32
    bx, by : float32, arcsec

    Returns
    -------
    float32
    """
    u, v = c[AXIS_11] * bx + c[AXIS_12] * by, c[AXIS_21] * bx + c[AXIS_22] * by
    return max(u * u + v * v, SMALLEST_SQUARE)


@inlined
def exponent_of(c: Any, mode: int, square: float) -> Any:
    """Return the exponent at a squared radius, for a constant mode.

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

    Returns
    -------
    float32
    """
    if mode == ONE_ROOT:
        return c[STEEPNESS] * np.sqrt(square)
    if mode == THREE_ROOTS:
        return c[STEEPNESS] * np.sqrt(np.sqrt(np.sqrt(square)))
    return exp2(c[HALF_POWER] * log2(square) + c[STEEPNESS])


@inlined
def _exponents(c: Any, mode: int, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    """Do `exponents` for a mode that is a constant."""
    for i in range(n):
        bx, by = source_offset(c, x[i], y[i])
        out[i] = exponent_of(c, mode, radius_square(c, bx, by))


@fast_kernel
def _radius_squares(c: Any, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    """Fill (R / R_e)^2 at n points."""
    for i in range(n):
        bx, by = source_offset(c, x[i], y[i])
        out[i] = radius_square(c, bx, by)


@fast_kernel
def _any_powers(c: Any, values: np.ndarray, n: int) -> None:
    """Turn n squared radii into exponents by the general power."""
    for i in range(n):
        values[i] = exponent_of(c, ANY_POWER, values[i])


@fast_kernel
def exponents(c: Any, mode: int, x: np.ndarray, y: np.ndarray, n: int, out: np.ndarray) -> None:
    """Fill the exponents at n points of the lens' frame.

    The general power has a loop of its own, which takes a tenth off a render: perhaps because its
    numbers and those of the lens do not find room in the registers together.

    Parameters
    ----------
    c : tuple of 33 float32
        A packed system (`udfs.core.system.pack`).
    mode : int
        `udfs.core.system.power_mode`.
    x, y : (n or more,) float32, arcsec
    n : int
    out : (n or more,) float32, written
        In powers of two.
    """
    if mode == ONE_ROOT:
        _exponents(c, ONE_ROOT, x, y, n, out)
    elif mode == THREE_ROOTS:
        _exponents(c, THREE_ROOTS, x, y, n, out)
    else:
        _radius_squares(c, x, y, n, out)
        _any_powers(c, out, n)
