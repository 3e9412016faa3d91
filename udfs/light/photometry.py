"""AB magnitudes and nanomaggies."""

import numpy as np
from numpy.typing import ArrayLike

AB_ZEROPOINT_NMGY_MAG = 22.5  # AB magnitude of 1 nanomaggy (Legacy Surveys)


def flux_from_magnitude(magnitude: ArrayLike) -> np.ndarray:
    """Return the flux of an AB magnitude.

    Parameters
    ----------
    magnitude : (...) float, AB mag

    Returns
    -------
    (...) float64, nanomaggy
    """
    return 10.0 ** (-0.4 * (np.asarray(magnitude, float) - AB_ZEROPOINT_NMGY_MAG))


def magnitude_from_flux(flux_nmgy: ArrayLike) -> np.ndarray:
    """Return the AB magnitude of a flux.

    NaN where the flux is not positive.

    Parameters
    ----------
    flux_nmgy : (...) float, nanomaggy

    Returns
    -------
    (...) float64, AB mag
    """
    flux = np.asarray(flux_nmgy, float)
    positive = np.where(flux > 0, flux, np.nan)
    return AB_ZEROPOINT_NMGY_MAG - 2.5 * np.log10(positive)
