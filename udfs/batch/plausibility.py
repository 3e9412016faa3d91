"""Checks of physics on every injected row."""

import numpy as np

MIN_MAGNIFICATION = 0.995  # theory says 1; the rest is truncation of the profile
LARGE_MAGNIFICATION = 1000.0
UNRESOLVED_THETA_E_PER_FWHM = 0.5
MIN_STAMP_FLUX_FRACTION = 0.95
MAX_CLOSURE = 1.015  # rendered over ray-traced flux; less is light off the canvas


def is_valid(magnification: np.ndarray, flux_closure: np.ndarray) -> np.ndarray:
    """Find rows that obey what lensing allows.

    Parameters
    ----------
    magnification : (n,) float
        Total lensed over unlensed flux.
    flux_closure : (n,) float
        Flux rendered on the canvas over unlensed flux times magnification.

    Returns
    -------
    (n,) bool
    """
    is_magnified = np.isfinite(magnification) & (magnification >= MIN_MAGNIFICATION)
    return is_magnified & (flux_closure <= MAX_CLOSURE)


def warnings(
    magnification: np.ndarray,
    stamp_flux_frac: np.ndarray,
    theta_e_arcsec: np.ndarray,
    psf_fwhm_arcsec: np.ndarray,
) -> list[str | None]:
    """Say what is unusual about each row, joined with semicolons.

    None where nothing is.

    Parameters
    ----------
    magnification, stamp_flux_frac : (n,) float
    theta_e_arcsec, psf_fwhm_arcsec : (n,) float, arcsec

    Returns
    -------
    n texts or None
    """
    rules = (
        ("Einstein radius below half the PSF width",
         theta_e_arcsec < UNRESOLVED_THETA_E_PER_FWHM * psf_fwhm_arcsec),
        ("magnification above 1000", magnification > LARGE_MAGNIFICATION),
        ("light off the stamp above 5 %", stamp_flux_frac < MIN_STAMP_FLUX_FRACTION),
    )  # fmt: skip
    texts: list[str | None] = [None] * len(magnification)
    for k in np.flatnonzero(np.any([hit for _, hit in rules], axis=0)):
        texts[k] = "; ".join(text for text, hit in rules if hit[k])
    return texts
