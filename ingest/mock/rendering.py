"""Galaxies, stars and arcs as stamps: the one place that calls the project's kernels.

The PSF is a Moffat (beta 3.5) whose noise-equivalent area, pixel included, is that of ``psfsize``.
"""

import numpy as np

from ingest.mock.exposures import PIXEL_ARCSEC
from udfs.psf import (
    convolve,
    kernel_fwhm_pix,
    moffat_alpha,
    moffat_fwhm_from_nea_fwhm,
)
from udfs.render import render_lensed_sersic
from udfs.sersic import b_n, central_brightness

MOFFAT_BETA = 3.5
CORE_PIXELS = 24  # side of the part that is integrated with care
LENS_STAMP_PIXELS = 64


def galaxy_stamp(
    reff: float, axis_ratio: float, phi: float, sersic: float, x: float, y: float, size: int
) -> np.ndarray:
    """Pixel-integrated Sersic profile of unit flux before the PSF.

    The core is integrated by the lensing kernel with no lens; outside, where the profile is flat
    over a pixel, the value at the pixel's centre is its mean.

    Parameters
    ----------
    reff : float, arcsec
        Semi-major half-light radius.
    axis_ratio : float
    phi : float, radian
        Major axis, from +x towards +y.
    sersic : float
    x, y : float, pixel
        Centre in the stamp, from 0.
    size : int, pixel

    Returns
    -------
    (size, size) float64
    """
    stamp = midpoint_sersic(reff, axis_ratio, phi, sersic, x, y, size)
    start = (size - CORE_PIXELS) // 2
    core = slice(start, start + CORE_PIXELS)
    stamp[core, core] = render_lensed_sersic(
        theta_e_arcsec=0.0, lens_q=1.0, lens_phi_rad=0.0, shear_g1=0.0, shear_g2=0.0,
        src_x_arcsec=0.0, src_y_arcsec=0.0, src_reff_arcsec=reff, src_q=axis_ratio,
        src_phi_rad=phi, src_n=sersic, lens_x_pix=x - start, lens_y_pix=y - start,
        size_pix=CORE_PIXELS, pixel_scale_arcsec=PIXEL_ARCSEC,
    )  # fmt: skip
    return stamp


def midpoint_sersic(
    reff: float, axis_ratio: float, phi: float, sersic: float, x: float, y: float, size: int
) -> np.ndarray:
    """Sersic profile of unit flux at the pixels' centres, times the pixel's area."""
    dx, dy = np.arange(size)[None, :] - x, np.arange(size)[:, None] - y
    major = dx * np.cos(phi) + dy * np.sin(phi)
    minor = (dy * np.cos(phi) - dx * np.sin(phi)) / axis_ratio
    radius = np.hypot(major, minor) * PIXEL_ARCSEC / reff
    peak = float(central_brightness(sersic, axis_ratio, reff)) * PIXEL_ARCSEC**2
    return peak * np.exp(-float(b_n(sersic)) * radius ** (1 / sersic))


def stamp_size(reff: float, sersic: float) -> int:
    """Side of a stamp that holds all but a percent or so of the light, pixels (even)."""
    radii = 5 if sersic < 1.5 else 10
    return int(2 * np.clip(np.ceil(radii * reff / PIXEL_ARCSEC / 2) * 2, 24, 60))


def point_stamp(psfsize_arcsec: float, x: float, y: float, size: int) -> np.ndarray:
    """A star of unit flux: the PSF itself, pixel included, at the pixels' centres."""
    fwhm = moffat_fwhm_from_nea_fwhm(psfsize_arcsec / PIXEL_ARCSEC, MOFFAT_BETA)
    alpha = moffat_alpha(fwhm, MOFFAT_BETA)
    dx, dy = np.arange(size)[None, :] - x, np.arange(size)[:, None] - y
    peak = (MOFFAT_BETA - 1) / (np.pi * alpha**2)
    return peak * (1 + (dx**2 + dy**2) / alpha**2) ** -MOFFAT_BETA


def through_psf(stamp: np.ndarray, psfsize_arcsec: float) -> np.ndarray:
    """A stamp seen through the survey's PSF at a place where it has this psfsize."""
    fwhm = kernel_fwhm_pix(psfsize_arcsec, "moffat", MOFFAT_BETA, PIXEL_ARCSEC)
    return convolve(stamp, fwhm, "moffat", MOFFAT_BETA)


def through_fibre_seeing(stamp: np.ndarray) -> np.ndarray:
    """A stamp in the Gaussian seeing of 1 arcsec that FIBERFLUX supposes."""
    return convolve(stamp, 1.0 / PIXEL_ARCSEC, "gaussian")
