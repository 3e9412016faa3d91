"""Where the published error budget of the batch renderer holds.

docs/error_budget.md
"""

import numpy as np

from udfs.checks import DECAM_PIXEL_ARCSEC
from udfs.core.sie import MIN_AXIS_RATIO

# Smallest half-light radius over the pixel for which the budget is promised, at two Sersic indices.
SMALLEST_REFF_PIX = {1.0: 0.08 / DECAM_PIXEL_ARCSEC, 4.0: 0.2 / DECAM_PIXEL_ARCSEC}
LARGEST_INDEX = 4.0

# What is promised of the flux of renders within it: root mean square and largest error as fractions
# of the flux, for sources no more peaked than the index.
FLUX_LIMITS = {1.0: (0.001, 0.005), 4.0: (0.0025, 0.015)}
LARGEST_BIAS = 0.0005


def flux_limits(src_n: float) -> tuple[float, float]:
    """Return the promised rms and largest relative flux error.

    At a Sersic index up to 4.
    """
    return FLUX_LIMITS[min(index for index in FLUX_LIMITS if src_n <= index)]


def is_beyond_budget(
    src_n: np.ndarray, src_reff_arcsec: np.ndarray, lens_q: np.ndarray, pixel_scale_arcsec: float
) -> np.ndarray:
    """Find renders whose flux error the published budget does not cover.

    Beyond it are a Sersic index above 4, a lens flatter than 0.2, and a source smaller than
    0.08 arcsec up to n = 1, 0.2 arcsec at n = 4 and the geometric mean between, at the survey's
    pixel.

    Parameters
    ----------
    src_n : (n,) float
    src_reff_arcsec : (n,) float, arcsec
    lens_q : (n,) float
    pixel_scale_arcsec : float, arcsec / pixel

    Returns
    -------
    (n,) bool
    """
    indices, sizes = zip(*SMALLEST_REFF_PIX.items(), strict=True)
    smallest = np.exp(np.interp(src_n, indices, np.log(sizes))) * pixel_scale_arcsec
    return (src_n > LARGEST_INDEX) | (src_reff_arcsec < smallest) | (lens_q < MIN_AXIS_RATIO)
