"""Galaxies, stars and arcs as stamps, made with the project's kernels.

The PSF is a Moffat (beta 3.5) whose noise-equivalent area, pixel included, is that of ``psfsize``.
"""

from dataclasses import dataclass

import numpy as np

from ingest.embedded.exposures import PIXEL_ARCSEC
from udfs.light.psf import convolve, kernel_fwhm_pix, moffat_alpha, moffat_fwhm_from_nea_fwhm
from udfs.light.sersic import b_n, central_brightness
from udfs.reference.render import render_lensed_sersic

MOFFAT_BETA = 3.5
CORE_PIXELS = 24  # side of the part that is integrated over pixels
LENS_STAMP_PIXELS = 64
STAMP_RADII_DISC, STAMP_RADII_SPHEROID = 5, 10  # half-light radii to a stamp's edge
STAMP_HALF_PIXELS = (24, 60)


@dataclass(frozen=True)
class Profile:
    """A Sersic profile."""

    reff: float  # arcsec, semi-major half-light radius
    axis_ratio: float
    phi: float  # radian, major axis from +x towards +y
    sersic: float

    @classmethod
    def of(cls, source: np.ndarray, phi: float) -> "Profile":
        """Return the profile of a catalogue's source; b/a = (1 - |e|) / (1 + |e|).

        Parameters
        ----------
        source : () SOURCE
        phi : float, radian
        """
        modulus = float(np.hypot(source["e1"], source["e2"]))
        ratio = (1 - modulus) / (1 + modulus)
        return cls(float(source["reff"]), ratio, float(phi), float(source["sersic"]))


def galaxy_stamp(profile: Profile, x: float, y: float, size: int) -> np.ndarray:
    """Return the pixel-integrated Sersic profile of unit flux, without PSF.

    The core is integrated by the lensing kernel with no lens; outside, where the profile is flat
    over a pixel, the value at the pixel's centre is its mean.

    Parameters
    ----------
    profile : Profile
    x, y : float, pixel
        Centre in the stamp, from 0; within a pixel of its middle.
    size : int, pixel

    Returns
    -------
    (size, size) float64
    """
    stamp = midpoint_sersic(profile, x, y, size)
    start = (size - CORE_PIXELS) // 2
    core = slice(start, start + CORE_PIXELS)
    stamp[core, core] = render_lensed_sersic(
        theta_e_arcsec=0.0, lens_q=1.0, lens_phi_rad=0.0, shear_g1=0.0, shear_g2=0.0,
        src_x_arcsec=0.0, src_y_arcsec=0.0, src_reff_arcsec=profile.reff,
        src_q=profile.axis_ratio, src_phi_rad=profile.phi, src_n=profile.sersic,
        lens_x_pix=x - start, lens_y_pix=y - start, size_pix=CORE_PIXELS,
        pixel_scale_arcsec=PIXEL_ARCSEC,
    )  # fmt: skip
    return stamp


def midpoint_sersic(profile: Profile, x: float, y: float, size: int) -> np.ndarray:
    """Return a Sersic profile of unit flux at pixel centres, times pixel area.

    Parameters
    ----------
    profile : Profile
    x : float, pixel
    y : float, pixel
    size : int, pixel

    Returns
    -------
    (size, size) float, share of the flux
    """
    dx, dy = np.arange(size)[None, :] - x, np.arange(size)[:, None] - y
    cos, sin = np.cos(profile.phi), np.sin(profile.phi)
    radius = np.hypot(dx * cos + dy * sin, (dy * cos - dx * sin) / profile.axis_ratio)
    peak = float(central_brightness(profile.sersic, profile.axis_ratio, profile.reff))
    slope = float(b_n(profile.sersic))
    scaled = radius * PIXEL_ARCSEC / profile.reff
    return peak * PIXEL_ARCSEC**2 * np.exp(-slope * scaled ** (1 / profile.sersic))


def stamp_size(profile: Profile) -> int:
    """Return the even side of a stamp that holds nearly all the light, pixels."""
    radii = STAMP_RADII_DISC if profile.sersic < 1.5 else STAMP_RADII_SPHEROID
    half = np.ceil(radii * profile.reff / PIXEL_ARCSEC)
    return 2 * int(np.clip(half, *STAMP_HALF_PIXELS))


def point_stamp(psfsize_arcsec: float, x: float, y: float, size: int) -> np.ndarray:
    """Return a star of unit flux: the PSF, pixel included, at pixel centres.

    Parameters
    ----------
    psfsize_arcsec : float, arcsec
    x : float, pixel
    y : float, pixel
    size : int, pixel

    Returns
    -------
    (size, size) float, share of the flux
    """
    fwhm = moffat_fwhm_from_nea_fwhm(psfsize_arcsec / PIXEL_ARCSEC, MOFFAT_BETA)
    alpha = moffat_alpha(fwhm, MOFFAT_BETA)
    dx, dy = np.arange(size)[None, :] - x, np.arange(size)[:, None] - y
    peak = (MOFFAT_BETA - 1) / (np.pi * alpha**2)
    return peak * (1 + (dx**2 + dy**2) / alpha**2) ** -MOFFAT_BETA


def through_psf(stamp: np.ndarray, psfsize_arcsec: float) -> np.ndarray:
    """Return a stamp seen through the survey's PSF of a given psfsize.

    Parameters
    ----------
    stamp : (y, x) float
    psfsize_arcsec : float, arcsec

    Returns
    -------
    (y, x) float
    """
    fwhm = kernel_fwhm_pix(psfsize_arcsec, "moffat", MOFFAT_BETA, PIXEL_ARCSEC)
    return convolve(stamp, fwhm, "moffat", MOFFAT_BETA)


def through_fibre_seeing(stamp: np.ndarray, fwhm_arcsec: float) -> np.ndarray:
    """Return a stamp in the Gaussian seeing that FIBERFLUX supposes.

    Parameters
    ----------
    stamp : (y, x) float
    fwhm_arcsec : float, arcsec

    Returns
    -------
    (y, x) float
    """
    return convolve(stamp, fwhm_arcsec / PIXEL_ARCSEC, "gaussian")
