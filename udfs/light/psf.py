"""Point spread functions: widths, kernels and convolution.

The survey's `psfsize` is the FWHM of the Gaussian with the same noise-equivalent area (NEA) as the
PSF of the coadd, pixel included. `kernel_fwhm_pix` turns it into the FWHM of a kernel for an image
whose pixels are integrated already.
"""

from typing import Literal, TypeVar

import numpy as np
from scipy import fft, ndimage, signal

from udfs.checks import (
    DECAM_PIXEL_ARCSEC,
    PSF_FWHM_RANGE_ARCSEC,
    require_finite,
    require_image,
    require_positive,
    require_within,
)

Width = TypeVar("Width", float, np.ndarray)  # one, or an array of them
Profile = Literal["gaussian", "moffat"]
PROFILES: tuple[Profile, ...] = ("gaussian", "moffat")

FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian
DEFAULT_MOFFAT_BETA = 3.5
GAUSSIAN_RADIUS_SIGMA = 4.0  # 0.03 % of the light is outside, and given back by normalising
MOFFAT_ENCLOSED_FLUX = 0.999


def moffat_alpha(fwhm: Width, beta: float) -> Width:
    """Return the scale radius alpha of a Moffat.

    I = (1 + r^2 / alpha^2)^(-beta); alpha is in the unit of the FWHM.

    Parameters
    ----------
    fwhm : float or (n,) float
    beta : float

    Returns
    -------
    float or (n,) float
    """
    return fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))


def gaussian_nea(fwhm: float) -> float:
    """Return the noise-equivalent area 4 pi sigma^2 of a Gaussian.

    In the FWHM's unit squared.
    """
    return 4 * np.pi * (fwhm / FWHM_PER_SIGMA) ** 2


def moffat_nea(fwhm: float, beta: float) -> float:
    """Return the noise-equivalent area of a Moffat.

    pi alpha^2 (2 beta - 1) / (beta - 1)^2.
    """
    return np.pi * moffat_alpha(fwhm, beta) ** 2 * (2 * beta - 1) / (beta - 1) ** 2


def moffat_fwhm_from_nea_fwhm(nea_fwhm: Width, beta: float) -> Width:
    """Return the FWHM of the Moffat with the NEA of a Gaussian.

    The Gaussian has a FWHM of `nea_fwhm`.

    The divisor is 1.389 for beta = 2.5, 1.2325 for 3.5 and 1.154 for 4.765.

    Parameters
    ----------
    nea_fwhm : float or (n,) float
    beta : float

    Returns
    -------
    float or (n,) float, the same unit
    """
    return nea_fwhm * np.sqrt(gaussian_nea(1.0) / moffat_nea(1.0, beta))


def without_pixel(fwhm_pix: Width) -> Width:
    """Take the variance of one pixel, 1/12 per axis, off a FWHM.

    The survey's PSF holds the pixel; an image whose pixels are integrated does too, and two would
    blur twice.
    """
    return np.sqrt(fwhm_pix**2 - FWHM_PER_SIGMA**2 / 12)


def kernel_fwhm_pix(
    psfsize_arcsec: float, profile: Profile, beta: float, pixel_scale_arcsec: float
) -> float:
    """Return the FWHM of the kernel for a survey `psfsize`.

    For an image of integrated pixels.

    Parameters
    ----------
    psfsize_arcsec : float, arcsec
        Noise-equivalent-area FWHM of the coadd's PSF, 0.5 to 5.
    profile : {"gaussian", "moffat"}
    beta : float
        Exponent of the Moffat; a Gaussian has none and ignores it.
    pixel_scale_arcsec : float, arcsec / pixel

    Returns
    -------
    float, pixel

    Raises
    ------
    ValueError
        For a width outside 0.5 to 5 arcsec or an unknown profile.
    """
    require_within("psfsize_arcsec", psfsize_arcsec, PSF_FWHM_RANGE_ARCSEC)
    _require_profile(profile, beta)
    return kernel_fwhms_pix(psfsize_arcsec, profile, beta, pixel_scale_arcsec)


def kernel_fwhms_pix(
    psfsize_arcsec: Width, profile: Profile, beta: float, pixel_scale_arcsec: float
) -> Width:
    """Return `kernel_fwhm_pix` of many widths within their range.

    A call for each would take a fifth of the time of an injection.

    Parameters
    ----------
    psfsize_arcsec : float or (n,) float, arcsec
    profile : "gaussian" or "moffat"
    beta : float
    pixel_scale_arcsec : float, arcsec / pixel

    Returns
    -------
    float or (n,) float, pixel
    """
    fwhm_pix = without_pixel(psfsize_arcsec / pixel_scale_arcsec)
    return fwhm_pix if profile == "gaussian" else moffat_fwhm_from_nea_fwhm(fwhm_pix, beta)


def kernel_radius(fwhm_pix: float, profile: Profile, beta: float = DEFAULT_MOFFAT_BETA) -> int:
    """Return half the size of the kernel.

    It has 2 radius + 1 pixels on a side.
    """
    return int(kernel_radii(np.asarray(fwhm_pix), profile, beta))


def kernel_radii(fwhm_pix: np.ndarray, profile: Profile, beta: float) -> np.ndarray:
    """Return `kernel_radius` of many kernels.

    Parameters
    ----------
    fwhm_pix : (n,) float, pixel
    profile : "gaussian" or "moffat"
    beta : float

    Returns
    -------
    (n,) int64, pixel
    """
    if profile == "gaussian":
        radius = GAUSSIAN_RADIUS_SIGMA * fwhm_pix / FWHM_PER_SIGMA
    else:
        outside = 1 - MOFFAT_ENCLOSED_FLUX
        radius = moffat_alpha(fwhm_pix, beta) * np.sqrt(outside ** (1 / (1 - beta)) - 1)
    return np.ceil(radius).astype(np.int64)


def gaussian_taps(sigma_pix: float, radius: int) -> np.ndarray:
    """Return one axis of a Gaussian kernel of sum 1.

    Parameters
    ----------
    sigma_pix : float, pixel
    radius : int, pixel

    Returns
    -------
    (2 radius + 1,) float64
    """
    offset = np.arange(-radius, radius + 1)
    taps = np.exp(-0.5 * (offset / sigma_pix) ** 2)
    return taps / taps.sum()


def moffat_kernel(fwhm_pix: float, beta: float) -> np.ndarray:
    """Return a Moffat kernel of sum 1.

    Parameters
    ----------
    fwhm_pix : float, pixel
    beta : float

    Returns
    -------
    (2 radius + 1, 2 radius + 1) float64
    """
    radius = kernel_radius(fwhm_pix, "moffat", beta)
    offset = np.arange(-radius, radius + 1)
    square = offset[:, None] ** 2 + offset[None, :] ** 2
    kernel = (1 + square / moffat_alpha(fwhm_pix, beta) ** 2) ** -beta
    return kernel / kernel.sum()


def convolve(
    image: np.ndarray,
    fwhm_pix: float,
    profile: Profile = "gaussian",
    beta: float = DEFAULT_MOFFAT_BETA,
    *,
    pixel_scale_arcsec: float = DECAM_PIXEL_ARCSEC,
) -> np.ndarray:
    """Blur an image by a round PSF.

    What is outside the image is dark, nothing wraps around.

    Parameters
    ----------
    image : (ny, nx) float
    fwhm_pix : float, pixel
        FWHM of the kernel itself (`kernel_fwhm_pix` gives it for a survey `psfsize`).
    profile : {"gaussian", "moffat"}
    beta : float
        Exponent of the Moffat, above 1.
    pixel_scale_arcsec : float, arcsec / pixel
        Only for the guard on the width.

    Returns
    -------
    (ny, nx) float64
        Keeps the sum, but for light that leaves the image, and the centroid.

    Raises
    ------
    ValueError
        For an FWHM outside 0.5 to 5 arcsec, a kernel larger than the image, an unknown profile, or
        an image that is not finite.
    """
    require_image("image", image)
    _require_profile(profile, beta)
    require_within("FWHM in arcsec", fwhm_pix * pixel_scale_arcsec, PSF_FWHM_RANGE_ARCSEC)
    radius = kernel_radius(fwhm_pix, profile, beta)
    _require_kernel_fits(2 * radius + 1, image)
    if profile == "moffat":
        return signal.fftconvolve(np.asarray(image, float), moffat_kernel(fwhm_pix, beta), "same")
    taps = gaussian_taps(fwhm_pix / FWHM_PER_SIGMA, radius)
    rows = ndimage.convolve1d(np.asarray(image, float), taps, axis=0, mode="constant")
    return ndimage.convolve1d(rows, taps, axis=1, mode="constant")


def convolve_with_image(image: np.ndarray, psf_image: np.ndarray) -> np.ndarray:
    """Blur an image by a PSF given as pixels.

    The PSF is normalised and its centroid put at 0.

    Parameters
    ----------
    image : (ny, nx) float
    psf_image : (ky, kx) float
        Odd or even sizes, at the scale of the image; positive sum.

    Returns
    -------
    (ny, nx) float64

    Raises
    ------
    ValueError
        For a kernel larger than the image, without positive sum, or not finite.
    """
    require_image("image", image)
    require_image("psf_image", psf_image)
    _require_kernel_fits(max(psf_image.shape), image)
    require_positive("sum of psf_image", float(np.sum(psf_image)))
    return signal.fftconvolve(np.asarray(image, float), centred_kernel(psf_image), "same")


def centred_kernel(psf_image: np.ndarray) -> np.ndarray:
    """Return a kernel of odd size and sum 1 with a central centroid.

    Its centroid is its middle pixel.

    The shift is done in Fourier space, which keeps the width; linear interpolation would add up to
    a quarter pixel of variance.

    Parameters
    ----------
    psf : (ny, nx) float

    Returns
    -------
    (2 radius + 1, 2 radius + 1) float64
    """
    psf = np.asarray(psf_image, float) / np.sum(psf_image)
    size = np.array(psf.shape) + 4 + (1 - np.array(psf.shape) % 2)  # odd, with room for the shift
    kernel = np.zeros(size)
    kernel[2 : 2 + psf.shape[0], 2 : 2 + psf.shape[1]] = psf
    centroid = [float((kernel * axis).sum()) for axis in np.indices(kernel.shape)]
    shift = (size - 1) / 2 - np.array(centroid)
    moved = fft.ifft2(ndimage.fourier_shift(fft.fft2(kernel), shift)).real
    return moved / moved.sum()


def _require_profile(profile: str, beta: float) -> None:
    if profile not in PROFILES:
        raise ValueError(f"profile must be 'gaussian' or 'moffat', got {profile!r}")
    require_finite("beta", beta)
    if profile == "moffat" and beta <= 1:
        raise ValueError(f"beta of a Moffat must be above 1, got {beta}")


def _require_kernel_fits(kernel_size: int, image: np.ndarray) -> None:
    if kernel_size > min(image.shape):
        raise ValueError(f"kernel of {kernel_size} pixels is larger than image {image.shape}")
