"""Round PSFs as sums of Gaussians, which are separable."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import optimize

from udfs.light.psf import FWHM_PER_SIGMA, MOFFAT_ENCLOSED_FLUX, Profile

N_GAUSSIANS = 4  # of a Moffat


class Mixture(NamedTuple):
    """A round PSF as a sum of Gaussians.

    `weight` is the light of each, `sigma_per_fwhm` its sigma over the PSF's FWHM.
    """

    weight: np.ndarray
    sigma_per_fwhm: np.ndarray


@lru_cache(maxsize=8)
def mixture(profile: Profile, beta: float) -> Mixture:
    """Fit Gaussians whose sum is the profile.

    A Moffat's agree within 1e-3 of its peak for beta 3.5.

    The widths and weights minimise the squared difference of the profiles, weighted by the radius
    (so by the light), out to the radius that holds `MOFFAT_ENCLOSED_FLUX`. A Moffat scales with its
    FWHM, so one fit serves every seeing.

    Parameters
    ----------
    profile : "gaussian" or "moffat"
    beta : float

    Returns
    -------
    Mixture
    """
    if profile == "gaussian":
        return Mixture(np.ones(1), np.full(1, 1 / FWHM_PER_SIGMA))
    alpha = 1 / (2 * np.sqrt(2 ** (1 / beta) - 1))
    edge = alpha * np.sqrt((1 - MOFFAT_ENCLOSED_FLUX) ** (1 / (1 - beta)) - 1)
    r = np.linspace(0, edge, 600)[1:]
    wanted = (beta - 1) / (np.pi * alpha**2) * (1 + (r / alpha) ** 2) ** -beta

    def difference(parameters: np.ndarray) -> np.ndarray:
        log_weight, log_sigma = np.split(parameters, 2)
        variance = np.exp(2 * log_sigma)
        density = np.exp(log_weight) / (2 * np.pi * variance)
        model = (density * np.exp(-0.5 * r[:, None] ** 2 / variance)).sum(axis=1)
        return (model - wanted) * np.sqrt(r)

    start = np.concatenate(
        [np.full(N_GAUSSIANS, -1.4), np.log(np.geomspace(0.3, 1.6, N_GAUSSIANS))]
    )
    fit = optimize.least_squares(difference, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    log_weight, log_sigma = np.split(fit.x, 2)
    weight = np.exp(log_weight)
    return Mixture(weight / weight.sum(), np.exp(log_sigma))
