"""Which renders of a batch cannot be injected, and why.

The codes are those of `seeds/staging/reason_codes.csv`.
"""

import numpy as np

from udfs.batch.records import COLOUR_OF_BAND, Pixels, Settings
from udfs.checks import PSF_FWHM_RANGE_ARCSEC, SERSIC_INDEX_RANGE
from udfs.light.psf import kernel_fwhms_pix, kernel_radii

BAD_LENS = "bad_lens_parameter"
BAD_SHEAR = "bad_shear"
BAD_SOURCE = "bad_source_parameter"
BAD_FLUX = "bad_source_magnitude"
BAD_POSITION = "bad_lens_position"
BAD_PSF = "psf_out_of_range"
LARGE_KERNEL = "psf_kernel_larger_than_stamp"
BAD_PIXELS = "pixels_not_finite"
BAD_GAIN = "bad_gain"


def first_reason(
    columns: dict[str, np.ndarray], is_control: np.ndarray, pixels: Pixels, settings: Settings
) -> np.ndarray:
    """Return the first reason not to inject each render, or None.

    As far as its task says.

    A control has nothing to render. Pixels that are not finite (`BAD_PIXELS`) are found when they
    are read.

    Parameters
    ----------
    columns : by name, (n,) float64
        The truth columns of the tasks.
    is_control : (n,) bool
    pixels : Pixels
    settings : Settings

    Returns
    -------
    (n,) object, str or None
    """
    rules = [
        (BAD_LENS, ~_is_ellipse(columns["theta_e_arcsec"] >= 0, columns, "lens")),
        (BAD_SHEAR, ~_is_shear(columns)),
        (BAD_SOURCE, ~_is_source(columns)),
        (BAD_FLUX, ~_has_flux(columns, settings)),
        (BAD_PSF, ~_within(pixels.psf_fwhm_arcsec, *PSF_FWHM_RANGE_ARCSEC).all(axis=1)),
        (LARGE_KERNEL, ~_kernel_fits(pixels.psf_fwhm_arcsec, settings)),
    ]
    if settings.is_poisson:
        gain = pixels.gain_e_per_nmgy
        rules.append((BAD_GAIN, ~(np.isfinite(gain) & (gain > 0)).all(axis=1)))
    reasons = np.full(len(is_control), None, dtype=object)
    for code, is_bad in reversed(rules):
        reasons[is_bad & ~is_control] = code
    position = np.isfinite(columns["lens_x_pix"] + columns["lens_y_pix"])
    reasons[~position] = BAD_POSITION
    return reasons


def _within(value: np.ndarray, low: float, high: float) -> np.ndarray:
    return (value >= low) & (value <= high)


def _is_shear(columns: dict[str, np.ndarray]) -> np.ndarray:
    shear = columns["shear"]
    return (shear >= 0) & (shear < 1) & np.isfinite(columns["shear_phi_rad"])


def _is_ellipse(ok: np.ndarray, columns: dict[str, np.ndarray], prefix: str) -> np.ndarray:
    """Find ellipticities in [0, 1): axis ratios in (0, 1]."""
    ellipticity, angle = columns[f"{prefix}_e"], columns[f"{prefix}_phi_rad"]
    return ok & (ellipticity >= 0) & (ellipticity < 1) & np.isfinite(angle)


def _is_source(columns: dict[str, np.ndarray]) -> np.ndarray:
    reff = columns["src_reff_arcsec"]
    position = columns["src_x_arcsec"] + columns["src_y_arcsec"]
    ok = (reff > 0) & np.isfinite(reff) & np.isfinite(position)
    return _is_ellipse(ok & _within(columns["src_n"], *SERSIC_INDEX_RANGE), columns, "src")


def _has_flux(columns: dict[str, np.ndarray], settings: Settings) -> np.ndarray:
    names = {"src_r_mag"} | {
        colour[0] for band in settings.bands if (colour := COLOUR_OF_BAND[band])
    }
    finite = np.all([np.isfinite(columns[name]) for name in names], axis=0)
    return finite & (np.isfinite(columns["ebv"]) | ~columns["is_intrinsic"].astype(bool))


def _kernel_fits(psf_fwhm_arcsec: np.ndarray, settings: Settings) -> np.ndarray:
    """Find renders whose widest kernel is no larger than the canvas."""
    widest = np.clip(np.nan_to_num(psf_fwhm_arcsec.max(axis=1)), *PSF_FWHM_RANGE_ARCSEC)
    fwhm_pix = kernel_fwhm_pix_of(widest, settings)
    radius = kernel_radii(fwhm_pix, settings.psf_profile, settings.moffat_beta)
    return 2 * radius + 1 <= settings.canvas_size


def kernel_fwhm_pix_of(psf_fwhm_arcsec: np.ndarray, settings: Settings) -> np.ndarray:
    """Return the FWHM of the kernels, for widths within their range.

    Parameters
    ----------
    psf_fwhm_arcsec : (n, n_band) float, arcsec
    settings : Settings

    Returns
    -------
    (n, n_band) float64, pixel
    """
    return kernel_fwhms_pix(
        psf_fwhm_arcsec, settings.psf_profile, settings.moffat_beta, settings.pixel_scale_arcsec
    )
