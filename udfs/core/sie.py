"""The SIE deflection without atan: two polynomials per sample.

And one reciprocal square root.

In the frame of the major axis let rho^2 = q x^2 + y^2, c = sqrt(q) x / rho, s = y / rho, so that
c^2 + s^2 = 1. The deflection depends on the direction alone and is odd in c (major) and s (minor):

    alpha_major = c P(c^2),    alpha_minor = s Q(c^2),

P and Q being smooth on [0, 1]. The elliptical angle is what makes them so: the nearest
singularities in c^2 are at 1 / (1 - q) and -q / (1 - q), twice as far away as in the polar angle or
in psi at q = 0.5, and nine coefficients give 1.3e-6 of theta_E down to q = 0.3 (1e-9 at q = 0.7).
"""

from math import atan2, atanh, sqrt
from typing import Any

import numpy as np

from udfs.jit import fast_kernel, kernel

DEGREE = 8
N_COEFFICIENTS = DEGREE + 1
MIN_AXIS_RATIO = 0.2  # below, the polynomials are off by more than 2e-5 theta_E

_NODES = 0.5 - 0.5 * np.cos(np.pi * (np.arange(N_COEFFICIENTS) + 0.5) / N_COEFFICIENTS)
# Values at the nodes to power coefficients, through (t - 1/2) for the sake of rounding.
POWERS_FROM_VALUES = np.linalg.inv(np.vander(_NODES - 0.5, N_COEFFICIENTS, increasing=True))
CENTRE = np.float32(0.5)


@kernel
def fit_deflection(theta_e: float, q: float) -> Any:
    """Fit the coefficients of P and Q in powers of c^2 - 1/2.

    Parameters
    ----------
    theta_e : float, arcsec
    q : float

    Returns
    -------
    (2, 9) float64, arcsec
    """
    f = sqrt((1 - q) * (1 + q))
    values = np.empty((2, N_COEFFICIENTS))
    for node in range(N_COEFFICIENTS):
        t = _NODES[node]
        c, s = sqrt(t), sqrt(1 - t)
        x, y = c / sqrt(q), s
        psi = sqrt(q * q * x * x + y * y)
        major = atan2(f * x, psi) / f if f > 0 else x / psi
        minor = atanh(f * y / psi) / f if f > 0 else y / psi
        values[0, node] = theta_e * sqrt(q) * major / c
        values[1, node] = theta_e * sqrt(q) * minor / s
    return values @ POWERS_FROM_VALUES.T


@fast_kernel
def polynomial(c: Any, start: int, t: float) -> Any:
    """Evaluate nine float32 coefficients of a tuple by Horner's scheme.

    Parameters
    ----------
    c : tuple of float32
    start : int
        Place of the first coefficient.
    t : float32

    Returns
    -------
    float32
    """
    value = c[start + 8]
    value = c[start + 7] + t * value
    value = c[start + 6] + t * value
    value = c[start + 5] + t * value
    value = c[start + 4] + t * value
    value = c[start + 3] + t * value
    value = c[start + 2] + t * value
    value = c[start + 1] + t * value
    return c[start] + t * value
