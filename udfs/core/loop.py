"""The batch loop: render, blur, paint, add noise and measure.

One render after the other.

Everything for a render happens on the box that its light fills, which for a compact arc is a third
of the stamp; nothing of the size of an image is allocated per render.
"""

import threading
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from udfs.core.arguments import Batch, Choices, Results, types_of_arguments
from udfs.core.magnification import Rays, lensed_flux, make_rays
from udfs.core.poisson import Draws, add_noise, make_draws
from udfs.core.psf import Blur, Layout, blur, make_blur
from udfs.core.render import Work, make_work, render_light
from udfs.core.system import INDEX, PACKED_SIZE, REFF, pack, power_mode
from udfs.jit import called_with, fast_kernel, kernel, to_tuple, type_of

_OF_THREAD = threading.local()


class Room(NamedTuple):
    """Memory for one render."""

    work: Work
    rays: Rays
    blur: Blur
    draws: Draws


def make_room(size: int, n_band: int) -> Room:
    """Make the memory for canvases of size x size pixels."""
    return Room(make_work(size), make_rays(), make_blur(size, n_band), make_draws(size))


def room_of_thread(size: int, n_band: int) -> Room:
    """Return the calling thread's own memory, kept for its next batch.

    Asking the system for it takes half a millisecond.
    """
    if getattr(_OF_THREAD, "shape", None) != (size, n_band):
        _OF_THREAD.room, _OF_THREAD.shape = make_room(size, n_band), (size, n_band)
    return _OF_THREAD.room


@fast_kernel
def copy_finite(source: np.ndarray, target: np.ndarray) -> bool:
    """Copy a flat image; return whether all of its pixels are finite.

    In one pass, just before the image is painted on, so that it is read from memory once. x * 0
    is 0 for every finite x and NaN otherwise.

    Parameters
    ----------
    source : (n,) float32
    target : (n,) float32, written

    Returns
    -------
    bool
    """
    total = np.float32(0)
    for i in range(len(source)):
        target[i] = source[i]
        total += source[i] * np.float32(0)
    return total == 0


@kernel
def total_magnification(
    packed: np.ndarray, index: float, central: float, reach: float, rays: Rays
) -> float:
    """Return the lensed over the unlensed flux of a system.

    It is not limited to any stamp.

    Parameters
    ----------
    packed : (33,) float32
        A row of parameters, packed.
    index : float
        Sersic index.
    central : float, 1 / arcsec^2
        Central brightness of the source of unit flux.
    reach : float, R_e
    rays : Rays

    Returns
    -------
    float
    """
    c = to_tuple(packed, PACKED_SIZE)
    return central * lensed_flux(c, power_mode(index), index, reach, rays)


@fast_kernel
def _sum(light: np.ndarray, box: Any) -> float:
    """Sum a box that has a ring around it.

    In single precision along a row, whose sum is vectorised, in double over rows.
    """
    width = box[1] - box[0] + 1
    total: Any = 0.0
    for y in range(1, box[3] - box[2] + 2):
        row, row_total = light[y * (width + 2) + 1 :], np.float32(0)
        for x in range(width):
            row_total += row[x]
        total += row_total
    return total


@fast_kernel
def _paint(seen: np.ndarray, to: Layout, flux: float, out: np.ndarray) -> np.ndarray:
    """Add the blurred light, in nanomaggy, to a canvas.

    Returns it as (height, stride), in its place.

    Sharing light by its moments leaves the far wings of a narrow PSF below 0 by up to 5e-5 of the
    peak; there the arc is dark.
    """
    height, stride = to.y1 - to.y0 + 1, to.stride
    arc = seen[: height * stride].reshape(height, stride)
    for row in range(height):
        source, target = arc[row], out[to.y0 + row, to.x0 : to.x1 + 1]
        for column in range(len(target)):
            light = max(flux * source[column], np.float32(0))
            source[column] = light
            target[column] += light
    return arc


@fast_kernel
def measure(
    arc: np.ndarray, corner: Any, invvar: np.ndarray, mask: Any, stamp: Any, peak: np.ndarray
) -> Any:
    """Sum f^2 invvar and f over the part of an arc that is on a stamp.

    The first sum is over good pixels, the second over all.

    A pixel is good with a positive inverse variance and none of the bad mask bits. Rows are cut from
    whole canvases and not from parts of them: numba knows of a row of a whole array that its pixels
    are neighbours in memory, and only then makes vectors of the loop.

    Parameters
    ----------
    arc : (height, stride) float32, nanomaggy
    corner : x, y of the arc's first pixel in the canvas
    invvar : (size, size) float32
    mask : (size, size) int32 maskbits, int32 bad bits
    stamp : x from, x to, y from, y to in the canvas, the ends not in it
    peak : (x to - x from,) float32, written
        Largest f^2 invvar of each column: a single running maximum is not vectorised.

    Returns
    -------
    square, total : float64, 1 and nanomaggy
    """
    left, right, low, high = stamp
    maskbits, bad = mask
    square: Any = 0.0
    total: Any = 0.0
    peak[:] = 0
    for y in range(low, high):
        row_square, row_total = np.float32(0), np.float32(0)
        f = arc[y - corner[1], left - corner[0] :]
        values, bits = invvar[y, left:right], maskbits[y, left:right]
        for column in range(len(values)):
            weight = values[column]
            is_good = (weight > 0) & ((bits[column] & bad) == 0)
            snr_square = f[column] * f[column] * weight if is_good else np.float32(0)
            row_square += snr_square
            row_total += f[column]
            peak[column] = max(peak[column], snr_square)
        square += row_square
        total += row_total
    return square, total


@fast_kernel
def _lower_invvar(arc: np.ndarray, gain: float, box: Any, out: np.ndarray) -> None:
    """Add the variance of the arc's photons, f / gain, to a box."""
    for row in range(arc.shape[0]):
        source, target = arc[row], out[box[2] + row, box[0] : box[1] + 1]
        for column in range(len(target)):
            value = target[column]
            lowered = value / (np.float32(1) + source[column] * value / gain)
            target[column] = lowered if value > 0 else value


@kernel
def _mask(k: int, batch: Batch) -> np.ndarray:
    """Return the mask bits of a render's canvas.

    Without any, all renders share one clean mask.
    """
    return batch.maskbits[min(batch.canvas[k], len(batch.maskbits) - 1)]


@kernel
def _measure_stamps(
    k: int, band: int, arc: np.ndarray, box: Any, batch: Batch, choices: Choices, out: Results
) -> None:
    """Measure one band on every stamp that the arc touches."""
    x0, x1, y0, y1 = box
    invvar = batch.invvar[batch.canvas[k], band]
    mask = (_mask(k, batch), np.int32(choices.bad_bits))
    for i in range(len(batch.sizes)):
        corner_x, corner_y = batch.corner[k, i, 0], batch.corner[k, i, 1]
        left, right = max(x0, corner_x), min(x1 + 1, corner_x + batch.sizes[i])
        low, high = max(y0, corner_y), min(y1 + 1, corner_y + batch.sizes[i])
        stamp = (left, max(left, right), low, high)
        peak = np.empty(stamp[1] - left, np.float32)
        square, total = measure(arc, (x0, y0), invvar, mask, stamp, peak)
        out.matched[k, i, band] = sqrt(square)
        out.total[k, i, band] = total
        if band == choices.detection:
            out.peak[k, i] = sqrt(peak.max()) if len(peak) > 0 else 0.0


@kernel
def _inject(k: int, batch: Batch, choices: Choices, room: Room, out: Results) -> None:
    """Paint one render into all bands of its canvas and measure it."""
    p, central, reach = batch.parameters[k], batch.central[k], batch.reach[k]
    packed = pack(p)
    out.magnification[k] = total_magnification(packed, p[INDEX], central, reach, room.rays)
    size = batch.host.shape[-1]
    frame = (batch.lens[k, 0], batch.lens[k, 1], choices.scale, size)
    pixel_light = central * choices.scale * choices.scale
    lit = render_light(p, packed, pixel_light, reach * p[REFF], frame, True, room.work)
    light = room.work.moments.mean
    out.rendered[k] = pixel_light * _sum(light, lit)
    if lit[1] < lit[0] or lit[3] < lit[2]:
        return
    sigma = batch.fwhm[k].reshape(-1, 1) * choices.sigma_per_fwhm
    to = blur(light, lit, size, choices.weight, sigma, room.blur)
    box = (to.x0, to.x1, to.y0, to.y1)
    for band in range(batch.flux.shape[1]):
        flux = np.float32(pixel_light * batch.flux[k, band])
        arc = _paint(room.blur.seen[band], to, flux, out.image[k, band])
        _measure_stamps(k, band, arc, box, batch, choices, out)
        if choices.is_poisson:
            gain = batch.gain[k, band]
            place = (batch.origin[k, 0] + to.x0, batch.origin[k, 1] + to.y0, band)
            image = out.image[k, band, to.y0 : to.y1 + 1, to.x0 : to.x1 + 1]
            add_noise(arc, gain, place, batch.key[k], room.draws, image)
            if len(out.lowered_invvar) > 0:
                _lower_invvar(arc, np.float32(gain), box, out.lowered_invvar[k, band])


@fast_kernel
def count_pixels(invvar: np.ndarray, maskbits: np.ndarray, stamp: Any, bits: Any) -> Any:
    """Count a stamp's pixels that are bad, and those with WISE bits.

    A row is counted in float32, as wide as what is tested: with 64-bit counters, and with
    `and`, which is a branch, the loop is not vectorised.

    Parameters
    ----------
    invvar : (size, size) float32
    maskbits : (size, size) int32
    stamp : (x, y, size) : int, pixel
        First column and row, and side.
    bits : (int, int)
        Bad bits, and those of stars that are bright for WISE.

    Returns
    -------
    bad, wise : int
    """
    x, y, size = stamp
    bad_bits, wise_bits = np.int32(bits[0]), np.int32(bits[1])
    bad, wise = 0, 0
    for row in range(y, y + size):
        values, masks = invvar[row, x : x + size], maskbits[row, x : x + size]
        row_bad, row_wise = np.float32(0), np.float32(0)
        for column in range(len(values)):
            is_good = (values[column] > 0) & ((masks[column] & bad_bits) == 0)
            row_bad += np.float32(0) if is_good else np.float32(1)
            row_wise += np.float32(1) if (masks[column] & wise_bits) != 0 else np.float32(0)
        bad += int(row_bad)
        wise += int(row_wise)
    return bad, wise


@kernel
def _judge_pixels(k: int, batch: Batch, choices: Choices, out: Results) -> None:
    """Fill each stamp's fraction of bad pixels in the detection band."""
    mask, invvar = _mask(k, batch), batch.invvar[batch.canvas[k], choices.detection]
    bits = (choices.bad_bits, choices.wise_bits)
    for i in range(len(batch.sizes)):
        size = batch.sizes[i]
        stamp = (batch.corner[k, i, 0], batch.corner[k, i, 1], size)
        bad, wise = count_pixels(invvar, mask, stamp, bits)
        out.bad[k, i], out.wise[k, i] = bad / size**2, wise / size**2


def _types_of_inject_all() -> list[tuple[Any, ...]]:
    """Return the types of batch, choices, room and results."""
    batch, choices, results = types_of_arguments()
    return [(batch, choices, type_of(make_room(1, 1)), results)]


@called_with(_types_of_inject_all)
@kernel
def inject_all(batch: Batch, choices: Choices, room: Room, out: Results) -> None:
    """Inject and measure the wanted renders, and judge the pixels of all.

    Parameters
    ----------
    batch : Batch
    choices : Choices
    room : Room
    out : Results, written
    """
    for k in range(len(batch.central)):
        _judge_pixels(k, batch, choices, out)
        canvas = batch.canvas[k]
        is_finite = copy_finite(batch.host[canvas].ravel(), out.image[k].ravel())
        out.is_finite[k] = is_finite
        if len(out.lowered_invvar) > 0:
            out.lowered_invvar[k] = batch.invvar[canvas]
        if is_finite and batch.is_wanted[k]:
            _inject(k, batch, choices, room, out)
