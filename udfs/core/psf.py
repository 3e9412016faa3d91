"""Convolution with the separable PSFs of all bands.

A Moffat is a sum of Gaussians (`udfs.core.mixture`).

Images are flat, with rows `stride` apart and dark gaps as wide as the kernel between them, so that
a shift along x or along y is a shift of the whole array. Four taps and their mirror images are
added in one pass over the image: fewer loads and stores than one tap at a time, and just as many
array arguments as LLVM is willing to check for overlap before it gives up on vectors.

What limits it is loading. Along x three bands take the same pixels, whose mirror sums are made once;
along y every band has an image of its own, so rows start where vectors do, and no load spans two lines
of the cache.
"""

from math import ceil, exp
from typing import Any, NamedTuple

import numpy as np

from udfs.jit import fast_kernel, kernel
from udfs.light.psf import GAUSSIAN_RADIUS_SIGMA

LANES = 16  # float32 in the widest vector, and in a line of the cache
TOGETHER = 3  # bands that share the loads of one pass
CHUNK = 1088  # pixels of a pass, so that what is added to stays in the cache; not 1024: see `convolve_rows`
_ZERO = np.float32(0)


@kernel
def taps_radius(sigma: float) -> int:
    """Return half the size of a Gaussian's taps, in whole pairs.

    Parameters
    ----------
    sigma : float, pixel

    Returns
    -------
    int, pixel
    """
    return 2 * int(ceil(GAUSSIAN_RADIUS_SIGMA * sigma / 2))


@kernel
def fill_half_taps(sigma: float, taps: np.ndarray) -> None:
    """Fill taps 0 to radius of a Gaussian of sum 1, 0 beyond 4 sigma.

    Each is the one before times what grows smaller by a constant factor: two exponentials in all.

    Parameters
    ----------
    sigma : float, pixel
    taps : (at least `taps_radius` + 1,) float32, written
    """
    tap, step, change = 1.0, exp(-0.5 / sigma**2), exp(-1 / sigma**2)
    total, reach = -1.0, int(ceil(GAUSSIAN_RADIUS_SIGMA * sigma))
    for _ in range(reach + 1):
        total += 2 * tap
        tap, step = tap * step, step * change
    tap, step = 1 / total, exp(-0.5 / sigma**2)
    for k in range(len(taps)):
        taps[k] = tap if k <= reach else 0.0
        tap, step = tap * step, step * change


@fast_kernel
def _add_scaled(image: np.ndarray, factor: float, n: int, out: np.ndarray) -> None:
    """Add n pixels times a factor."""
    for i in range(n):
        out[i] += factor * image[i]


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
def add_columns(
    image: np.ndarray, start: int, stride: int, taps: np.ndarray, n: int, out: np.ndarray
) -> None:
    """Add n pixels, from `start` on, of an image convolved along its columns.

    Parameters
    ----------
    image : flat float32
        Reaches `radius` rows beyond the n pixels on both sides.
    start, stride : int
        First pixel, and distance of neighbours in a column.
    taps : (radius + 1,) float32
    n : int
    out : (n,) float32, added to
    """
    for done in range(0, n, CHUNK):
        at, m, target = start + done, min(CHUNK, n - done), out[done:]
        _add_scaled(image[at:], taps[0], m, target)
        k = 1
        while k + 3 < len(taps):
            four = (taps[k], taps[k + 1], taps[k + 2], taps[k + 3])
            before, after = image[at - (k + 3) * stride :], image[at + k * stride :]
            _add_four_pairs(before, after, stride, four, m, target)
            k += 4
        if k < len(taps):
            before, after = image[at - (k + 1) * stride :], image[at + k * stride :]
            _add_two_pairs(before, after, stride, (taps[k], taps[k + 1]), m, target)


@fast_kernel
def _fill_three(image: np.ndarray, taps: np.ndarray, n: int, out: np.ndarray) -> None:
    """Fill in the first taps of three bands, as `convolve_rows` says."""
    t0, t1, t2 = taps[0, 0], taps[1, 0], taps[2, 0]
    for i in range(n):
        out[i] = t0 * image[i]
        out[i + CHUNK] = t1 * image[i]
        out[i + 2 * CHUNK] = t2 * image[i]


@fast_kernel
def _add_two_pairs_to_three(
    before: np.ndarray, after: np.ndarray, taps: np.ndarray, n: int, out: np.ndarray
) -> None:
    """Do `_add_four_pairs_to_three` for the last two pairs."""
    r0, r1, s0, s1, t0, t1 = taps[0, 0], taps[0, 1], taps[1, 0], taps[1, 1], taps[2, 0], taps[2, 1]
    for i in range(n):
        p0, p1 = before[i + 1] + after[i], before[i] + after[i + 1]
        out[i] += r0 * p0 + r1 * p1
        out[i + CHUNK] += s0 * p0 + s1 * p1
        out[i + 2 * CHUNK] += t0 * p0 + t1 * p1


@fast_kernel
def _add_four_pairs_to_three(
    before: np.ndarray, after: np.ndarray, taps: np.ndarray, n: int, out: np.ndarray
) -> None:
    """Do `_add_four_pairs` along a row for three bands at once.

    The sums of mirror images are made once.
    """
    r0, r1, r2, r3 = taps[0, 0], taps[0, 1], taps[0, 2], taps[0, 3]
    s0, s1, s2, s3 = taps[1, 0], taps[1, 1], taps[1, 2], taps[1, 3]
    t0, t1, t2, t3 = taps[2, 0], taps[2, 1], taps[2, 2], taps[2, 3]
    for i in range(n):
        p0, p1 = before[i + 3] + after[i], before[i + 2] + after[i + 1]
        p2, p3 = before[i + 1] + after[i + 2], before[i] + after[i + 3]
        out[i] += (r0 * p0 + r1 * p1) + (r2 * p2 + r3 * p3)
        out[i + CHUNK] += (s0 * p0 + s1 * p1) + (s2 * p2 + s3 * p3)
        out[i + 2 * CHUNK] += (t0 * p0 + t1 * p1) + (t2 * p2 + t3 * p3)


@fast_kernel
def convolve_rows(
    image: np.ndarray, start: int, taps: np.ndarray, n: int, chunk: np.ndarray, out: np.ndarray
) -> None:
    """Convolve n pixels along their rows with the taps of three bands.

    Parameters
    ----------
    image : flat float32
        Reaches `radius` pixels beyond the n pixels on both sides.
    start : int
    taps : (TOGETHER, radius + 1) float32
        Of each band, 0 beyond its own radius.
    n : int
    chunk : (TOGETHER * CHUNK,) float32
        Room: sums of three bands at distances that the compiler knows, or it would have to check
        three arrays against all that is loaded, and would not. A distance of a whole number of
        pages would put the three into the same places of the cache.
    out : (TOGETHER, at least start + n) float32, written from `start` on
    """
    for done in range(0, n, CHUNK):
        at, m = start + done, min(CHUNK, n - done)
        _fill_three(image[at:], taps, m, chunk)
        k = 1
        while k + 3 < taps.shape[1]:
            before, after = image[at - (k + 3) :], image[at + k :]
            _add_four_pairs_to_three(before, after, taps[:, k : k + 4], m, chunk)
            k += 4
        if k < taps.shape[1]:
            before, after = image[at - (k + 1) :], image[at + k :]
            _add_two_pairs_to_three(before, after, taps[:, k : k + 2], m, chunk)
        for band in range(TOGETHER):
            source, target = chunk[band * CHUNK :], out[band, at:]
            for i in range(m):
                target[i] = source[i]


class Blur(NamedTuple):
    """Room for the convolutions of a render.

    The image with gaps, blurred along rows, and along both.

    image (n_padded,); chunk as `convolve_rows` says; rows (TOGETHER, n_padded); seen (n_band, n_padded).
    """

    image: np.ndarray
    chunk: np.ndarray
    rows: np.ndarray
    seen: np.ndarray


def _aligned(*shape: int) -> np.ndarray:
    """Return zeros that begin at a line of the cache."""
    n = int(np.prod(shape))
    room = np.zeros(n + LANES, np.float32)
    skip = -(room.ctypes.data // room.itemsize) % LANES
    return room[skip : skip + n].reshape(shape)


def make_blur(size: int, n_band: int) -> Blur:
    """Make room for size x size canvases and kernels no larger."""
    n_padded = (2 * size + LANES) * (3 * size + 4)
    n_padded += -n_padded % LANES
    return Blur(
        _aligned(n_padded),
        _aligned(TOGETHER * CHUNK),
        _aligned(TOGETHER, n_padded),
        _aligned(n_band, n_padded),
    )


@kernel
def seen_box(box: Any, radius: int, size: int) -> Any:
    """Return the box that light fills after a kernel of this radius.

    It is clipped to the canvas.

    Parameters
    ----------
    box : x0, x1, y0, y1 : int, pixel
    radius, size : int, pixel

    Returns
    -------
    x0, x1, y0, y1 : int, pixel
    """
    x0, x1, y0, y1 = box
    return (
        max(0, x0 - radius),
        min(size - 1, x1 + radius),
        max(0, y0 - radius),
        min(size - 1, y1 + radius),
    )


class Layout(NamedTuple):
    """How a box of pixels is laid out in a flat array.

    Rows are `stride` apart, the first `lead` from the start.
    """

    x0: int
    x1: int
    y0: int
    y1: int
    stride: int
    lead: int


@kernel
def _layout(box: Any, radius: int, size: int) -> Layout:
    """Lay out what the light in a box fills after kernels."""
    x0, x1, y0, y1 = seen_box(box, radius, size)
    stride = whole_lanes(x1 - x0 + 1 + radius)
    return Layout(x0, x1, y0, y1, stride, whole_lanes(radius * stride + radius))


@kernel
def whole_lanes(n: int) -> int:
    """Round n up to a multiple of `LANES`."""
    return (n + LANES - 1) // LANES * LANES


@fast_kernel
def _lay_out(light: np.ndarray, box: Any, to: Layout, out: np.ndarray) -> None:
    """Copy a box of light in its ring into a dark flat image."""
    out[: (to.y1 - to.y0 + 1) * to.stride + 2 * to.lead] = _ZERO
    for row in range(box[2], box[3] + 1):
        source = light[(row - box[2] + 1) * (box[1] - box[0] + 3) + 1 :]
        target = out[to.lead + (row - to.y0) * to.stride + box[0] - to.x0 :]
        for column in range(box[1] - box[0] + 1):
            target[column] = source[column]


@fast_kernel
def _taps_of_three(sigma: np.ndarray) -> np.ndarray:
    """Return the taps of up to three Gaussians.

    (TOGETHER, widest radius + 1) float32; 0 where there is none.
    """
    taps = np.zeros((TOGETHER, taps_radius(sigma.max()) + 1), np.float32)
    for band in range(len(sigma)):
        fill_half_taps(sigma[band], taps[band])
    return taps


@fast_kernel
def _blur_three(
    box: Any, to: Layout, size: int, taps: np.ndarray, weight: float, work: Blur, seen: np.ndarray
) -> None:
    """Add the image through weighted Gaussians of up to three bands.

    A narrow Gaussian of a mixture fills fewer rows than the widest, and costs as much less.
    """
    radius = taps.shape[1] - 1
    low, high = max(0, box[2] - radius), min(size - 1, box[3] + radius)
    lit, n_lit = to.lead + (box[2] - to.y0) * to.stride, (box[3] - box[2] + 1) * to.stride
    start, n = to.lead + (low - to.y0) * to.stride, (high - low + 1) * to.stride
    reach = radius * to.stride
    work.rows[:, start - reach : lit] = _ZERO
    work.rows[:, lit + n_lit : start + n + reach] = _ZERO
    convolve_rows(work.image, lit, taps, n_lit, work.chunk, work.rows)
    for band in range(len(seen)):
        target = seen[band, start - to.lead :]
        add_columns(work.rows[band], start, to.stride, weight * taps[band], n, target)


@fast_kernel
def blur(
    light: np.ndarray, box: Any, size: int, weight: np.ndarray, sigma: np.ndarray, work: Blur
) -> Layout:
    """Blur light by the PSF of every band, a sum of Gaussians.

    The result is in `work.seen`.

    Parameters
    ----------
    light : flat float32
        The box with a ring of one pixel, which is not looked at.
    box : x0, x1, y0, y1 : int, pixel
        First and last column and row with light in a canvas of size x size pixels.
    size : int, pixel
    weight : (n_gaussian,) float64
    sigma : (n_band, n_gaussian) float64, pixel
    work : Blur

    Returns
    -------
    Layout
        Of the light after the widest PSF: pixel (y, x) of a band is
        work.seen[band, (y - y0) * stride + x - x0]. What stands in the gaps is not light.
    """
    to = _layout(box, taps_radius(sigma.max()), size)
    _lay_out(light, box, to, work.image)
    work.seen[:, : (to.y1 - to.y0 + 1) * to.stride] = _ZERO
    for first in range(0, len(sigma), TOGETHER):
        seen = work.seen[first : first + TOGETHER]
        for k in range(len(weight)):
            taps = _taps_of_three(sigma[first : first + TOGETHER, k])
            _blur_three(box, to, size, taps, np.float32(weight[k]), work, seen)
    return to
