"""A detection from pixels alone: blue light in an arc around a red galaxy.

In the spirit of RingFinder (Gavazzi et al. 2014): the redder band, brought to the seeing of the
bluer one and scaled to the galaxy's core, is taken off the bluer band; what is left is searched for
the arc, a run of sectors of a ring, that stands out most. It knows nothing of what was injected and
fires on galaxies without an arc too, so its thresholds come from those.
"""

import math
from typing import Any

import numpy as np
from numba import float32, float64, int64

from udfs.checks import require_positive
from udfs.jit import called_with, fast_kernel

RADIAL_EDGES_ARCSEC = (0.6, 1.1, 1.6, 2.1, 2.8, 3.5)  # a ring is two neighbouring bins
N_BINS = len(RADIAL_EDGES_ARCSEC) - 1
N_SECTORS = 12  # 30 degrees: about the seeing at the innermost ring
CORE_RADIUS_FWHM = 0.6  # within it the bands are scaled to each other
# Galaxies are bluer outside, and PSFs differ in shape: the light taken off is uncertain by this
# share, coherently over an arc.
MODEL_ERROR = 0.1
MIN_GOOD_SHARE = 0.5  # of the pixels of the rings
SIGMA_PER_FWHM = 1 / (2 * math.sqrt(2 * math.log(2)))
KERNEL_REACH_SIGMA = 3.0
WIDEST_KERNEL_PIX = 10
NARROWEST_KERNEL_PIX = 0.1  # a narrower Gaussian is a single pixel
WIDEST_CORE_PIX = 16
MIN_KERNEL_WEIGHT = 0.95  # of a smoothed pixel that comes from good ones
NO_CELL = -1


def blind_detection(
    image: np.ndarray, invvar: np.ndarray, psf_fwhm_arcsec: np.ndarray, pixel_scale_arcsec: float
) -> tuple[np.ndarray, np.ndarray]:
    """Find the most significant blue arc of each stamp.

    Parameters
    ----------
    image : (n, n_band, size, size) float32, nanomaggy
        Bands from blue to red, the galaxy within half a pixel of the centre. The first and the last
        band are used.
    invvar : (n, n_band, size, size) float32, 1 / nanomaggy^2
        Pixels where it is not above 0 do not count.
    psf_fwhm_arcsec : (n, n_band) float, arcsec
    pixel_scale_arcsec : float, arcsec

    Returns
    -------
    snr : (n,) float64
        Largest signal to noise of any arc; NaN with one band, without a core to scale by, or where
        fewer than half of the pixels of the rings are good.
    tangential_extent : (n,) float64, rad
        Angle that this arc spans about the centre, up to 2 pi; NaN where `snr` is.

    Raises
    ------
    ValueError
        For shapes that do not fit each other, or a pixel scale that is not above 0.
    """
    image, invvar = np.asarray(image, np.float32), np.asarray(invvar, np.float32)
    fwhm = np.asarray(psf_fwhm_arcsec, float)
    require_positive("pixel_scale_arcsec", pixel_scale_arcsec)
    if image.ndim != 4 or image.shape != invvar.shape or image.shape[2] != image.shape[3]:
        raise ValueError(
            "image and invvar must be (n, n_band, size, size), "
            f"got {image.shape} and {invvar.shape}"
        )
    if fwhm.shape != image.shape[:2]:
        raise ValueError(f"psf_fwhm_arcsec must have shape {image.shape[:2]}, got {fwhm.shape}")
    if image.shape[1] < 2:
        return np.full(len(image), np.nan), np.full(len(image), np.nan)
    size, last_band = image.shape[2], image.shape[1] - 1
    side = search_size(size, pixel_scale_arcsec)
    centre = slice((size - side) // 2, (size + side) // 2)
    found = _detect(
        np.ascontiguousarray(image[:, ::last_band, centre, centre]),
        np.ascontiguousarray(invvar[:, ::last_band, centre, centre]),
        np.ascontiguousarray(fwhm[:, ::last_band] / pixel_scale_arcsec),
        _pixels_of_rings(side, pixel_scale_arcsec),
        _pixels_of_core(side),
    )
    return found[:, 0], found[:, 1]


def search_size(size: int, pixel_scale_arcsec: float) -> int:
    """Return the side of the central part that the search looks at.

    Odd or even as the stamp is.
    """
    reach = math.ceil(RADIAL_EDGES_ARCSEC[-1] / pixel_scale_arcsec) + WIDEST_KERNEL_PIX
    return min(size, 2 * reach + size % 2)


def polar_cells(size: int, pixel_scale_arcsec: float) -> np.ndarray:
    """Return the polar cell that each pixel of a stamp lies in.

    Parameters
    ----------
    size : int, pixel
    pixel_scale_arcsec : float, arcsec

    Returns
    -------
    (size, size) int64
        Radial bin times `N_SECTORS` plus sector, counted from +x towards +y; `NO_CELL` elsewhere.
    """
    offset = (np.arange(size) - 0.5 * (size - 1)) * pixel_scale_arcsec
    radius = np.hypot(offset[None, :], offset[:, None])
    angle = np.mod(np.arctan2(offset[:, None], offset[None, :]), 2 * np.pi)
    sector = np.minimum((angle / (2 * np.pi) * N_SECTORS).astype(np.int64), N_SECTORS - 1)
    radial = np.searchsorted(RADIAL_EDGES_ARCSEC, radius, side="right") - 1
    is_inside = (radial >= 0) & (radial < N_BINS)
    return np.where(is_inside, radial * N_SECTORS + sector, NO_CELL)


def _pixels_of_rings(size: int, pixel_scale_arcsec: float) -> np.ndarray:
    """List row, column and polar cell of the pixels that lie in one.

    (n, 3) int64.
    """
    cells = polar_cells(size, pixel_scale_arcsec)
    row, column = np.nonzero(cells != NO_CELL)
    return np.column_stack([row, column, cells[row, column]])


def _pixels_of_core(size: int) -> np.ndarray:
    """List the pixels near the centre, nearest first.

    Row, column and squared radius in pixels.
    """
    offset2 = (np.arange(size) - 0.5 * (size - 1)) ** 2
    radius2 = offset2[None, :] + offset2[:, None]
    row, column = np.nonzero(radius2 <= WIDEST_CORE_PIX**2)
    order = np.argsort(radius2[row, column], kind="stable")
    return np.column_stack([row, column, radius2[row, column]])[order]


@fast_kernel
def _gaussian_taps(sigma_pix: float) -> Any:
    """Return the weights of a pixel-integrated Gaussian.

    At most 2 `WIDEST_KERNEL_PIX` + 1 of them.
    """
    reach = min(WIDEST_KERNEL_PIX, math.ceil(KERNEL_REACH_SIGMA * sigma_pix))
    taps = np.empty(2 * reach + 1, np.float32)
    for index in range(2 * reach + 1):
        high = (index - reach + 0.5) / (sigma_pix * math.sqrt(2.0))
        low = (index - reach - 0.5) / (sigma_pix * math.sqrt(2.0))
        taps[index] = 0.5 * (math.erf(high) - math.erf(low))
    return taps / taps.sum()


@fast_kernel
def _smooth(plane: Any, taps: Any, first: int, last: int) -> Any:
    """Convolve rows and columns first to last with a separable kernel.

    Outside them it is 0.
    """
    size = plane.shape[0]
    reach = len(taps) // 2
    low, high = max(0, first - reach), min(size, last + reach)
    across = np.zeros((size, size), np.float32)
    out = np.zeros((size, size), np.float32)
    for row in range(low, high):
        for index in range(len(taps)):
            shift = index - reach
            for column in range(max(first, -shift), min(last, size - shift)):
                across[row, column] += taps[index] * plane[row, column + shift]
    for row in range(first, last):
        for source in range(max(0, row - reach), min(size, row + reach + 1)):
            tap = taps[source - row + reach]
            for column in range(first, last):
                out[row, column] += tap * across[source, column]
    return out


@fast_kernel
def _cleaned(image: Any, invvar: Any) -> Any:
    """Set bad pixels to 0 in both bands; mark the good ones.

    A pixel that is bad in either band is bad in both. The last value says whether all are good.
    """
    size = image.shape[1]
    clean = np.empty((2, size, size), np.float32)
    good = np.empty((size, size), np.float32)
    n_good = 0.0
    for row in range(size):
        for column in range(size):
            blue, red = image[0, row, column], image[1, row, column]
            is_good = (invvar[0, row, column] > 0) & (invvar[1, row, column] > 0)
            is_good &= (abs(blue) < np.inf) & (abs(red) < np.inf)
            good[row, column] = np.float32(1) if is_good else np.float32(0)
            clean[0, row, column] = blue if is_good else np.float32(0)
            clean[1, row, column] = red if is_good else np.float32(0)
            n_good += good[row, column]
    return clean, good, n_good == size * size


@fast_kernel
def _matched(image: Any, invvar: Any, fwhm_pix: Any, first: int, last: int) -> Any:
    """Bring both bands to the seeing of the worse one.

    Also returns which pixels come from good ones.

    Rows and columns outside first to last are not filled.
    """
    clean, good, is_all_good = _cleaned(image, invvar)
    sharper = 1 if fwhm_pix[0] > fwhm_pix[1] else 0
    sigma_pix = math.sqrt(abs(fwhm_pix[0] ** 2 - fwhm_pix[1] ** 2)) * SIGMA_PER_FWHM
    if sigma_pix > NARROWEST_KERNEL_PIX:
        taps = _gaussian_taps(sigma_pix)
        clean[sharper] = _smooth(clean[sharper], taps, first, last)
        if not is_all_good:
            weight = _smooth(good, taps, first, last)
            for row in range(first, last):
                for column in range(first, last):
                    if weight[row, column] < MIN_KERNEL_WEIGHT:
                        good[row, column] = 0
    return clean, good


@fast_kernel
def _core_ratio(matched: Any, good: Any, core: Any, limit_pix: float) -> float:
    """Return the core's blue over red flux, by least squares.

    NaN without red light.
    """
    cross, square = 0.0, 0.0
    for index in range(len(core)):
        if core[index, 2] > limit_pix**2:
            break
        row, column = int(core[index, 0]), int(core[index, 1])
        if good[row, column] > 0:
            red = float(matched[1, row, column])
            cross += red * matched[0, row, column]
            square += red * red
    return cross / square if square > 0 else math.nan


@fast_kernel
def _cell_sums(matched: Any, good: Any, invvar: Any, ratio: float, rings: Any) -> Any:
    """Sum residual, variance and model of each polar cell.

    The residual's noise variance and the light taken off; and the number of good pixels.
    """
    sums = np.zeros((N_BINS * N_SECTORS, 3))
    n_good = 0
    for index in range(len(rings)):
        row, column, cell = rings[index]
        if good[row, column] > 0:
            model = ratio * matched[1, row, column]
            sums[cell, 0] += matched[0, row, column] - model
            # Summed over an arc, smoothed noise has the variance that it had before.
            sums[cell, 1] += 1 / invvar[0, row, column] + ratio**2 / invvar[1, row, column]
            sums[cell, 2] += model
            n_good += 1
    return sums, n_good


@fast_kernel
def _best_arc(sums: Any) -> Any:
    """Find the run of sectors of a ring with the largest signal to noise.

    A ring is two bins. Returns the signal to noise and the run's length.
    """
    best_snr, best_length = -math.inf, 0
    for ring in range(N_BINS - 1):
        for start in range(N_SECTORS):
            light, variance, model = 0.0, 0.0, 0.0
            for length in range(1, N_SECTORS + 1):
                sector = (start + length - 1) % N_SECTORS
                near, far = ring * N_SECTORS + sector, (ring + 1) * N_SECTORS + sector
                light += sums[near, 0] + sums[far, 0]
                variance += sums[near, 1] + sums[far, 1]
                model += sums[near, 2] + sums[far, 2]
                noise = math.sqrt(variance + (MODEL_ERROR * model) ** 2)
                if variance > 0 and light > best_snr * noise:
                    best_snr, best_length = light / noise, length
    return best_snr, best_length


@called_with(
    lambda: [
        (
            float32[:, :, :, ::1],
            float32[:, :, :, ::1],
            float64[:, ::1],
            int64[:, ::1],
            float64[:, ::1],
        )
    ]
)
@fast_kernel
def _detect(image: Any, invvar: Any, fwhm_pix: Any, rings: Any, core: Any) -> Any:
    """Search each pair of planes; return signal to noise and angle.

    (n, 2) float64.
    """
    found = np.full((image.shape[0], 2), math.nan)
    if len(rings) == 0:
        return found
    first, last = rings[:, 0].min(), rings[:, 0].max() + 1
    for index in range(image.shape[0]):
        matched, good = _matched(image[index], invvar[index], fwhm_pix[index], first, last)
        limit = max(1.0, CORE_RADIUS_FWHM * max(fwhm_pix[index, 0], fwhm_pix[index, 1]))
        ratio = _core_ratio(matched, good, core, limit)
        sums, n_good = _cell_sums(matched, good, invvar[index], ratio, rings)
        if math.isfinite(ratio) and n_good >= MIN_GOOD_SHARE * len(rings):
            snr, length = _best_arc(sums)
            found[index, 0] = snr
            found[index, 1] = length * 2 * math.pi / N_SECTORS
    return found
