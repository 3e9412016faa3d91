"""Elliptical power law (Tessore & Metcalf 2015)."""

import numpy as np
from numpy.typing import ArrayLike

from udfs.checks import require_axis_ratio, require_finite, require_not_negative, require_within

SLOPE_RANGE = (1.1, 2.9)  # of the density in three dimensions; at 1 and 3 the lens has no meaning
_SERIES_END = 1e-17


def deflection(
    x_arcsec: ArrayLike,
    y_arcsec: ArrayLike,
    theta_e_arcsec: float,
    q: float,
    phi_rad: float,
    slope: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the deflection of an ellipsoid of density r^(-slope).

    It is at the origin.

    With t = slope - 1, b = theta_E sqrt(q) and the elliptical radius and angle R e^(i phi) =
    q x + i y in the frame of the major axis, kappa = (2 - t) / 2 (b / R)^t and
    alpha = 2 b / (1 + q) (b / R)^(t - 1) e^(i phi) 2F1(1, t/2; 2 - t/2; -f e^(2 i phi)),
    f = (1 - q) / (1 + q) (their eq. 13); the series is summed until its terms vanish. `slope = 2`
    is the SIE, with the same circularised Einstein radius.

    Parameters
    ----------
    x_arcsec, y_arcsec : (...) float, arcsec
        Image-plane position relative to the lens.
    theta_e_arcsec : float, arcsec
        Circularised Einstein radius, 0 or more.
    q : float
        Axis ratio, above 0 and up to 1.
    phi_rad : float, radian
        Direction of the major axis, from +x towards +y.
    slope : float
        1.1 to 2.9.

    Returns
    -------
    alpha_x, alpha_y : (...) float64, arcsec
        0 at the origin.

    Raises
    ------
    ValueError
        For a parameter out of its range or not finite.
    """
    require_not_negative("theta_e_arcsec", theta_e_arcsec)
    require_axis_ratio("q", q)
    require_finite("phi_rad", phi_rad)
    require_within("slope", slope, SLOPE_RANGE)
    x, y = np.broadcast_arrays(np.asarray(x_arcsec, float), np.asarray(y_arcsec, float))
    require_finite("x_arcsec", x)
    require_finite("y_arcsec", y)
    turned = (x + 1j * y) * np.exp(-1j * phi_rad)
    position = q * turned.real + 1j * turned.imag
    radius = np.abs(position)
    safe = np.where(radius > 0, radius, 1.0)  # at the origin the direction is 0
    b, t = theta_e_arcsec * np.sqrt(q), slope - 1
    strength = 2 * b / (1 + q) * (b / safe) ** (t - 1) if b > 0 else np.zeros_like(safe)
    alpha = strength * _angular_series(position / safe, q, t) * np.exp(1j * phi_rad)
    return alpha.real, alpha.imag


def _angular_series(direction: np.ndarray, q: float, t: float) -> np.ndarray:
    """Sum the series of the angular part.

    e^(i phi) 2F1(1, t/2; 2 - t/2; -f e^(2 i phi)), whose terms shrink as f^n.
    """
    f = (1 - q) / (1 + q)
    total = term = direction.astype(complex)
    n, size = 0, 1.0
    while size > _SERIES_END:
        n += 1
        term = -f * (2 * n - 2 + t) / (2 * n + 2 - t) * direction**2 * term
        size *= f
        total = total + term
    return total
