"""Dust of the Milky Way."""

import numpy as np
from numpy.typing import ArrayLike


def transmission(ebv: ArrayLike, coefficient: float) -> np.ndarray:
    """Return the fraction of light that the Milky Way lets through.

    10^(-0.4 R_b E(B-V)).

    Parameters
    ----------
    ebv : (...) float, mag
        Reddening on the scale of Schlegel, Finkbeiner & Davis (1998).
    coefficient : float
        R_b = A_b / E(B-V) of the band.

    Returns
    -------
    (...) float64
    """
    return 10.0 ** (-0.4 * coefficient * np.asarray(ebv, float))
