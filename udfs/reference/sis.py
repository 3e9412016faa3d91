"""Singular isothermal sphere, whose lensing is closed form."""

import numpy as np
from numpy.typing import ArrayLike

from udfs.checks import require_not_negative, require_positive
from udfs.reference import sie


def deflection(
    x_arcsec: ArrayLike, y_arcsec: ArrayLike, theta_e_arcsec: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the deflection: theta_E away from the centre everywhere.

    Parameters
    ----------
    x_arcsec, y_arcsec : (...) float, arcsec
        Image-plane position relative to the lens.
    theta_e_arcsec : float, arcsec

    Returns
    -------
    alpha_x, alpha_y : (...) float64, arcsec
    """
    return sie.deflection(x_arcsec, y_arcsec, theta_e_arcsec, 1.0, 0.0)


def point_magnification(beta_arcsec: ArrayLike, theta_e_arcsec: float) -> np.ndarray:
    """Return the total magnification of a point source.

    2 theta_E / beta within theta_E, else 1 + theta_E / beta.

    Parameters
    ----------
    beta_arcsec : (...) float, arcsec
        Distance of the source from the lens, above 0.
    theta_e_arcsec : float, arcsec

    Returns
    -------
    (...) float64
    """
    require_not_negative("theta_e_arcsec", theta_e_arcsec)
    require_positive("beta_arcsec", float(np.min(beta_arcsec)))
    ratio = theta_e_arcsec / np.asarray(beta_arcsec, float)
    return np.where(ratio > 1, 2 * ratio, 1 + ratio)


def disc_magnification(radius_arcsec: float, theta_e_arcsec: float) -> float:
    """Return the magnification of a uniform disc on the axis.

    4 theta_E / R within theta_E, else (1 + theta_E / R)^2.

    Parameters
    ----------
    radius_arcsec : float, arcsec
        Radius of the disc, above 0.
    theta_e_arcsec : float, arcsec

    Returns
    -------
    float
    """
    require_positive("radius_arcsec", radius_arcsec)
    require_not_negative("theta_e_arcsec", theta_e_arcsec)
    ratio = theta_e_arcsec / radius_arcsec
    return 4 * ratio if ratio >= 1 else (1 + ratio) ** 2
