"""Singular isothermal ellipsoid (Kormann, Schneider & Bartelmann 1994)."""

import numpy as np
from numpy.typing import ArrayLike

from udfs.checks import require_axis_ratio, require_finite, require_not_negative


def deflection(
    x_arcsec: ArrayLike, y_arcsec: ArrayLike, theta_e_arcsec: float, q: float, phi_rad: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the deflection of a singular isothermal ellipsoid.

    It is at the origin.

    The Einstein radius is the circularised one: the area inside the tangential critical curve is
    pi theta_E^2 for every axis ratio, and q = 1 is the singular isothermal sphere. In the frame of
    the major axis, with f = sqrt(1 - q^2) and psi = sqrt(q^2 x^2 + y^2),
    alpha = theta_E sqrt(q) / f (atan(f x / psi), atanh(f y / psi)) (Keeton & Kochanek 1998).

    Parameters
    ----------
    x_arcsec, y_arcsec : (...) float, arcsec
        Image-plane position relative to the lens.
    theta_e_arcsec : float, arcsec
        Einstein radius, 0 or more.
    q : float
        Axis ratio of the surface mass density, above 0 and up to 1.
    phi_rad : float, radian
        Direction of the major axis, from +x towards +y.

    Returns
    -------
    alpha_x, alpha_y : (...) float64, arcsec
        0 at the origin, where the direction is not defined.

    Raises
    ------
    ValueError
        For a parameter out of its range or not finite.
    """
    require_not_negative("theta_e_arcsec", theta_e_arcsec)
    require_axis_ratio("q", q)
    require_finite("phi_rad", phi_rad)
    x, y = np.broadcast_arrays(np.asarray(x_arcsec, float), np.asarray(y_arcsec, float))
    require_finite("x_arcsec", x)
    require_finite("y_arcsec", y)
    cos, sin = np.cos(phi_rad), np.sin(phi_rad)
    x_major, y_minor = x * cos + y * sin, y * cos - x * sin
    alpha_major, alpha_minor = _deflection_aligned(x_major, y_minor, float(q))
    scale = theta_e_arcsec * np.sqrt(q)
    return (
        scale * (alpha_major * cos - alpha_minor * sin),
        scale * (alpha_major * sin + alpha_minor * cos),
    )


def _deflection_aligned(x: np.ndarray, y: np.ndarray, q: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the deflection over theta_E sqrt(q) on the major axis.

    In the frame of the major axis.
    """
    psi = np.hypot(q * x, y)
    psi = np.where(psi > 0, psi, 1.0)  # at the origin x and y are 0 too
    f = np.sqrt((1 - q) * (1 + q))
    if f == 0:
        return x / psi, y / psi
    return np.arctan2(f * x, psi) / f, np.arctanh(f * (y / psi)) / f


def convergence(
    x_arcsec: ArrayLike, y_arcsec: ArrayLike, theta_e_arcsec: float, q: float, phi_rad: float
) -> np.ndarray:
    """Return the surface mass density over the critical one.

    theta_E / (2 sqrt(q x^2 + y^2 / q)) on the axes, infinite at the origin.

    Parameters
    ----------
    x_arcsec, y_arcsec : (...) float, arcsec
    theta_e_arcsec : float, arcsec
    q : float
    phi_rad : float, radian

    Returns
    -------
    (...) float64
    """
    require_not_negative("theta_e_arcsec", theta_e_arcsec)
    require_axis_ratio("q", q)
    x, y = np.asarray(x_arcsec, float), np.asarray(y_arcsec, float)
    cos, sin = np.cos(phi_rad), np.sin(phi_rad)
    radius = np.sqrt(q * (x * cos + y * sin) ** 2 + (y * cos - x * sin) ** 2 / q)
    with np.errstate(divide="ignore"):
        return theta_e_arcsec / (2 * radius)
