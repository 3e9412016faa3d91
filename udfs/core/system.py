"""A lens and its source as the 33 numbers that the kernels take.

In single precision.

Everything is turned into the frame of the lens' major axis once, so that a sample costs two
polynomials, two small linear maps and the profile.
"""

from math import cos, log2, sin, sqrt
from typing import Any

import numpy as np

from udfs.core.math import LOG2_E
from udfs.core.sie import N_COEFFICIENTS, fit_deflection
from udfs.jit import kernel

# Columns of a row of parameters, in arcsec and radian.
PARAMETERS = (
    "theta_e_arcsec",
    "lens_q",
    "lens_phi_rad",
    "shear_g1",
    "shear_g2",
    "src_x_arcsec",
    "src_y_arcsec",
    "src_reff_arcsec",
    "src_q",
    "src_phi_rad",
    "src_n",
    "src_b",
)
THETA_E, LENS_Q, LENS_PHI, SHEAR_1, SHEAR_2, SRC_X, SRC_Y, REFF, SRC_Q, SRC_PHI, INDEX, B = range(
    12
)

# Places in the packed system, after the two polynomials of the deflection.
ROOT_Q = 2 * N_COEFFICIENTS
MAP_11, MAP_12, MAP_22 = ROOT_Q + 1, ROOT_Q + 2, ROOT_Q + 3  # 1 - Gamma
CENTRE_X, CENTRE_Y = ROOT_Q + 4, ROOT_Q + 5  # of the source, arcsec
AXIS_11, AXIS_12, AXIS_21, AXIS_22 = ROOT_Q + 6, ROOT_Q + 7, ROOT_Q + 8, ROOT_Q + 9  # to R_e units
HALF_POWER = ROOT_Q + 10  # 1 / (2 n)
STEEPNESS = ROOT_Q + 11  # b log2(e), or its binary logarithm for a power that has no square roots
KAPPA_SCALE = ROOT_Q + 12  # theta_E sqrt(q), arcsec
Q_SQUARE = ROOT_Q + 13
INVERSE_MINOR = ROOT_Q + 14  # 1 / (q R_e), 1 / arcsec
PACKED_SIZE = ROOT_Q + 15

ONE_ROOT, THREE_ROOTS, ANY_POWER = 1, 3, 0  # how R^(1/n) is had from R^2


@kernel
def power_mode(n: float) -> int:
    """Return how R^(1/n) is computed from R^2.

    Exponential and de Vaucouleurs profiles need square roots only, which halves their cost.

    Parameters
    ----------
    n : float
        Sersic index.

    Returns
    -------
    int
        `ONE_ROOT`, `THREE_ROOTS` or `ANY_POWER`.
    """
    if n == 1.0:
        return ONE_ROOT
    return THREE_ROOTS if n == 4.0 else ANY_POWER


@kernel
def pack(p: np.ndarray) -> Any:
    """Pack a system into the frame of the lens.

    Parameters
    ----------
    p : (12,) float64
        A row of `PARAMETERS`.

    Returns
    -------
    (33,) float32
    """
    c = np.empty(PACKED_SIZE)
    phi = p[LENS_PHI]
    fit = fit_deflection(p[THETA_E], p[LENS_Q])
    c[:N_COEFFICIENTS], c[N_COEFFICIENTS:ROOT_Q] = fit[0], fit[1]
    g1 = p[SHEAR_1] * cos(2 * phi) + p[SHEAR_2] * sin(2 * phi)
    g2 = p[SHEAR_2] * cos(2 * phi) - p[SHEAR_1] * sin(2 * phi)
    c[MAP_11], c[MAP_12], c[MAP_22] = 1 - g1, -g2, 1 + g1
    c[CENTRE_X] = p[SRC_X] * cos(phi) + p[SRC_Y] * sin(phi)
    c[CENTRE_Y] = p[SRC_Y] * cos(phi) - p[SRC_X] * sin(phi)
    turn, major = p[SRC_PHI] - phi, 1 / p[REFF]
    minor = major / p[SRC_Q]
    c[AXIS_11], c[AXIS_12] = major * cos(turn), major * sin(turn)
    c[AXIS_21], c[AXIS_22] = -minor * sin(turn), minor * cos(turn)
    c[INVERSE_MINOR] = minor
    steepness = p[B] * LOG2_E
    c[HALF_POWER] = 0.5 / p[INDEX]
    c[STEEPNESS] = log2(steepness) if power_mode(p[INDEX]) == ANY_POWER else steepness
    c[ROOT_Q], c[Q_SQUARE] = sqrt(p[LENS_Q]), p[LENS_Q] ** 2
    c[KAPPA_SCALE] = p[THETA_E] * sqrt(p[LENS_Q])
    return c.astype(np.float32)
