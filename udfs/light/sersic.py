"""Sersic (1963) surface brightness.

I(R) = I_0 exp(-b (R / R_e)^(1/n)).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

NEGLECTED_LIGHT = 2e-5  # fraction of the unlensed light beyond the radius that is rendered
_TABLE_INDEX = np.linspace(0.25, 8.05, 1001)  # more than the indices that there are
_TABLE_BEYOND = special.gammainccinv(2 * _TABLE_INDEX, NEGLECTED_LIGHT)


def b_n(n: ArrayLike) -> np.ndarray:
    """Return the exact b for which R_e holds half of the light.

    gammainc(2n, b) = 1/2.

    Parameters
    ----------
    n : (...) float

    Returns
    -------
    (...) float64
    """
    return special.gammaincinv(2 * np.asarray(n, float), 0.5)


def central_brightness(
    n: ArrayLike, q: ArrayLike, reff_arcsec: ArrayLike, b: ArrayLike | None = None
) -> np.ndarray:
    """Return the central brightness of a profile of unit total flux.

    The total flux of the profile is 2 pi n q R_e^2 I_0 b^(-2n) Gamma(2n) (Graham & Driver 2005,
    eq. 4), R_e being the semi-major half-light radius.

    Parameters
    ----------
    n : (...) float
    q : (...) float
        Axis ratio.
    reff_arcsec : (...) float, arcsec
        Semi-major half-light radius.
    b : (...) float, optional
        `b_n` of n, where it is known: it takes a microsecond a number.

    Returns
    -------
    (...) float64, 1 / arcsec^2
    """
    b = b_n(n) if b is None else b
    n, q, reff = np.asarray(n, float), np.asarray(q, float), np.asarray(reff_arcsec, float)
    log_flux = special.gammaln(2 * n) - 2 * n * np.log(b)
    return np.exp(-log_flux) / (2 * np.pi * n * q * reff**2)


def flux_fraction(radius_over_reff: ArrayLike, n: ArrayLike) -> np.ndarray:
    """Return the fraction of the light within a semi-major radius.

    Parameters
    ----------
    radius_over_reff : (...) float
    n : (...) float

    Returns
    -------
    (...) float64
    """
    n = np.asarray(n, float)
    return special.gammainc(2 * n, b_n(n) * np.asarray(radius_over_reff, float) ** (1 / n))


def light_radius(n: ArrayLike, b: ArrayLike | None = None) -> np.ndarray:
    """Return the radius that holds all light but `NEGLECTED_LIGHT`.

    The semi-major one.

    Between the entries of a table, to 1e-5: the inverse of the gamma function takes a microsecond
    and a half a number.

    Parameters
    ----------
    n : (...) float, 0.3 to 8
    b : (...) float, optional
        `b_n` of n, where it is known.

    Returns
    -------
    (...) float64, R_e
    """
    n, b = np.asarray(n, float), b_n(n) if b is None else np.asarray(b, float)
    return (np.interp(n, _TABLE_INDEX, _TABLE_BEYOND) / b) ** n
