"""External shear about the lens centre."""

import numpy as np
from numpy.typing import ArrayLike


def components(shear: ArrayLike, phi_rad: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return (g1, g2) = g (cos 2 phi, sin 2 phi).

    Parameters
    ----------
    shear : (...) float
    phi_rad : (...) float, radian
        From +x towards +y; a turn by pi changes nothing.

    Returns
    -------
    g1, g2 : (...) float64
    """
    double = 2 * np.asarray(phi_rad, float)
    return np.asarray(shear, float) * np.cos(double), np.asarray(shear, float) * np.sin(double)


def deflection(
    x_arcsec: ArrayLike, y_arcsec: ArrayLike, g1: float, g2: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the deflection of a shear: (g1 x + g2 y, g2 x - g1 y).

    Parameters
    ----------
    x_arcsec, y_arcsec : (...) float, arcsec
        Image-plane position relative to the lens.
    g1, g2 : float

    Returns
    -------
    alpha_x, alpha_y : (...) float64, arcsec
    """
    x, y = np.asarray(x_arcsec, float), np.asarray(y_arcsec, float)
    return g1 * x + g2 * y, g2 * x - g1 * y
