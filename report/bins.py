"""Bins of the completeness axes: what they are called and where they are drawn."""

import math

# Said once, where the page first shows it.
PSFSIZE = (
    "psfsize is the survey's measure of the PSF's width: the FWHM of the Gaussian of the same noise-equivalent area. The Moffat that is "
    "painted has that area, and a narrower FWHM."
)
AXIS_TITLES = {
    "theta_e_arcsec": "Einstein radius (arcsec)",
    "theta_over_psf": "Einstein radius / psfsize in r",
    "src_r_mag": "unlensed source, r (AB mag)",
    "arc_snr_matched": "matched S/N of the arc, all bands",
    "psf_fwhm_arcsec": "psfsize in r (arcsec)",
    "psfdepth_r_mag": "5-sigma point-source depth in r (AB mag)",
    "lens_z_mag": "lens galaxy, z (AB mag)",
}


def bin_label(low: float | None, high: float | None) -> str:
    """A bin in words; an open end is a comparison, and no bin at all is 'outside'."""
    if low is None or high is None:
        return "outside"
    if math.isinf(low):
        return f"< {high:g}"
    if math.isinf(high):
        return f"\u2265 {low:g}"
    return f"{low:g}\u2013{high:g}"


def drawn_ends(low: float, high: float, width: float) -> tuple[float, float]:
    """Ends of a bin on paper: an open bin is drawn `width` wide."""
    if math.isinf(low):
        return high - width, high
    if math.isinf(high):
        return low, low + width
    return low, high
