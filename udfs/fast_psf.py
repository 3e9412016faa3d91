"""Convolution of a small image with a separable PSF, and a Moffat as a sum of Gaussians.

Images are flat, with rows `stride` apart and dark gaps as wide as the kernel between them, so that
a shift along x or along y is a shift of the whole array. Four taps and their mirror images are
added in one pass over the image: fewer loads and stores than one tap at a time, and just as many
array arguments as LLVM is willing to check for overlap before it gives up on vectors.
"""

from functools import lru_cache
from math import ceil, exp
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize

from udfs.jit import fast_kernel, kernel
from udfs.psf import FWHM_PER_SIGMA, GAUSSIAN_RADIUS_SIGMA, MOFFAT_ENCLOSED_FLUX, Profile

N_GAUSSIANS = 4  # of a Moffat
_ZERO = np.float32(0)


class Mixture(NamedTuple):
    """A round PSF as a sum of Gaussians: light of each, and its sigma over the PSF's FWHM."""

    weight: np.ndarray
    sigma_per_fwhm: np.ndarray


@lru_cache(maxsize=8)
def mixture(profile: Profile, beta: float) -> Mixture:
    """Gaussians whose sum is the profile; a Moffat's agree within 1e-3 of its peak for beta 3.5.

    The widths and weights minimise the squared difference of the profiles, weighted by the radius
    (so by the light), out to the radius that holds `MOFFAT_ENCLOSED_FLUX`. A Moffat scales with its
    FWHM, so one fit serves every seeing.
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


@kernel
def taps_radius(sigma: float) -> int:
    """Half size of a Gaussian's taps, rounded up to whole pairs."""
    return 2 * int(ceil(GAUSSIAN_RADIUS_SIGMA * sigma / 2))


@kernel
def half_taps(sigma: float) -> np.ndarray:
    """Taps 0 to radius of a Gaussian of sum 1, (radius + 1,) float32; 0 beyond 4 sigma."""
    taps = np.zeros(taps_radius(sigma) + 1)
    for k in range(int(ceil(GAUSSIAN_RADIUS_SIGMA * sigma)) + 1):
        taps[k] = exp(-0.5 * (k / sigma) ** 2)
    return (taps / (2 * taps.sum() - taps[0])).astype(np.float32)


@fast_kernel
def _fill_scaled(image: np.ndarray, factor: float, n: int, out: np.ndarray) -> None:
    for i in range(n):
        out[i] = factor * image[i]


@fast_kernel
def _add_two_pairs(
    before: np.ndarray, after: np.ndarray, shift: int, t: Any, n: int, out: np.ndarray
) -> None:
    """Add two taps and their mirror images, as `_add_four_pairs` does."""
    a1, a0 = before, before[shift:]
    b0, b1 = after, after[shift:]
    t0, t1 = t
    for i in range(n):
        out[i] += t0 * (a0[i] + b0[i]) + t1 * (a1[i] + b1[i])


@fast_kernel
def _add_four_pairs(
    before: np.ndarray, after: np.ndarray, shift: int, t: Any, n: int, out: np.ndarray
) -> None:
    """Add four taps and their mirror images.

    `before` starts at the farthest of the four on one side, `after` at the nearest on the other.
    """
    a3, a2, a1, a0 = before, before[shift:], before[2 * shift :], before[3 * shift :]
    b0, b1, b2, b3 = after, after[shift:], after[2 * shift :], after[3 * shift :]
    t0, t1, t2, t3 = t
    for i in range(n):
        near = t0 * (a0[i] + b0[i]) + t1 * (a1[i] + b1[i])
        out[i] += near + (t2 * (a2[i] + b2[i]) + t3 * (a3[i] + b3[i]))


@fast_kernel
def convolve_along(
    image: np.ndarray, start: int, shift: int, taps: np.ndarray, n: int, out: np.ndarray
) -> None:
    """n pixels, from `start` on, of an image convolved along one axis.

    Parameters
    ----------
    image : flat float32
        Reaches `radius` shifts beyond the n pixels on both sides.
    start, shift : int
        First pixel, and distance of neighbours along the axis (1, or the stride).
    taps : (radius + 1,) float32
    n : int
    out : (n,) float32, written
    """
    _fill_scaled(image[start:], taps[0], n, out)
    k = 1
    while k + 3 < len(taps):
        four = (taps[k], taps[k + 1], taps[k + 2], taps[k + 3])
        before, after = image[start - (k + 3) * shift :], image[start + k * shift :]
        _add_four_pairs(before, after, shift, four, n, out)
        k += 4
    if k < len(taps):
        before, after = image[start - (k + 1) * shift :], image[start + k * shift :]
        _add_two_pairs(before, after, shift, (taps[k], taps[k + 1]), n, out)


class Blur(NamedTuple):
    """Room for one convolution: the image with gaps, blurred along x and along both; the sum of all."""

    image: np.ndarray
    rows: np.ndarray
    both: np.ndarray
    seen: np.ndarray


def make_blur(size: int) -> Blur:
    """Room for canvases of size x size and kernels no larger than that."""
    n_padded = (2 * size + 2) * (3 * size + 4)
    return Blur(*[np.zeros(n_padded, np.float32) for _ in Blur._fields])


@kernel
def seen_box(box: Any, radius: int, size: int) -> Any:
    """Box that the light fills after a kernel of this radius, clipped to the canvas."""
    x0, x1, y0, y1 = box
    return (
        max(0, x0 - radius),
        min(size - 1, x1 + radius),
        max(0, y0 - radius),
        min(size - 1, y1 + radius),
    )


@fast_kernel
def _blur_once(unit: np.ndarray, box: Any, taps: np.ndarray, work: Blur) -> Any:
    """Image through one separable kernel into `work.both`: the box that it fills, and the stride.

    A narrow Gaussian of a mixture fills a smaller box than the widest, and costs as much less.
    """
    radius = len(taps) - 1
    x0, x1, y0, y1 = seen_box(box, radius, len(unit))
    height, stride = y1 - y0 + 1, x1 - x0 + 1 + radius
    n, lead = height * stride, radius * stride + radius
    work.image[: n + 2 * lead] = _ZERO
    for row in range(box[2], box[3] + 1):
        source = unit[row, box[0] : box[1] + 1]
        target = work.image[lead + (row - y0) * stride + box[0] - x0 :]
        for column in range(len(source)):
            target[column] = source[column]
    first, n_lit = lead + (box[2] - y0) * stride, (box[3] - box[2] + 1) * stride
    work.rows[:first] = _ZERO
    work.rows[first + n_lit : n + 2 * lead] = _ZERO
    convolve_along(work.image, first, 1, taps, n_lit, work.rows[first:])
    convolve_along(work.rows, lead, stride, taps, n, work.both)
    return (x0, x1, y0, y1), stride


@fast_kernel
def _add_part(part: Any, weight: float, width: int, corner: Any, work: Blur) -> None:
    """Add a weighted part (its box and stride) of the mixture to `work.seen`, `width` pixels wide."""
    (x0, x1, y0, y1), stride = part
    for row in range(y0, y1 + 1):
        source = work.both[(row - y0) * stride :]
        target = work.seen[(row - corner[1]) * width + x0 - corner[0] :]
        for column in range(x1 - x0 + 1):
            target[column] += weight * source[column]


@fast_kernel
def blur(unit: np.ndarray, box: Any, weight: np.ndarray, sigma: np.ndarray, work: Blur) -> Any:
    """Image through a sum of Gaussians into `work.seen`.

    Parameters
    ----------
    unit : (size, size) float32
        Dark outside the box.
    box : x0, x1, y0, y1 : int, pixel
        First and last column and row with light.
    weight, sigma : (n_gaussian,) float64, -, pixel
    work : Blur

    Returns
    -------
    x0, x1, y0, y1 : int, pixel
        Box of the light after the PSF; its pixel (y, x) is work.seen[(y - y0) * (x1 - x0 + 1) + x - x0].
    """
    x0, x1, y0, y1 = seen_box(box, taps_radius(sigma.max()), len(unit))
    width = x1 - x0 + 1
    work.seen[: width * (y1 - y0 + 1)] = _ZERO
    for k in range(len(sigma)):
        part = _blur_once(unit, box, half_taps(sigma[k]), work)
        _add_part(part, np.float32(weight[k]), width, (x0, y0), work)
    return x0, x1, y0, y1
