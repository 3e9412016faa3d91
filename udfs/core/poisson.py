"""Photon noise of a box of pixels, mostly as vector instructions.

The same draws and the same distribution as `udfs.reference.poisson`, which is the plain version, in three
passes: the uniforms, the quantile of a nearly normal Poisson law for every pixel
without a branch, and a walk over the few pixels with few photons whose draw is not simply 0.
"""

from math import exp
from typing import Any, NamedTuple

import numpy as np

from udfs.core.math import LOG2_E, exp2, log2
from udfs.jit import fast_kernel, kernel
from udfs.light.noise import SUMMATION_LIMIT
from udfs.light.philox import LANES, uniforms_of_box

_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)
_SIXTH, _72ND = np.float32(1 / 6), np.float32(1 / 72)
_SMALLEST = np.float32(1e-30)
_LIMIT = np.float32(SUMMATION_LIMIT)
_LN2 = np.float32(np.log(2))
_LOG2_E = np.float32(LOG2_E)
_ROOT_2 = np.float32(np.sqrt(2))


class Draws(NamedTuple):
    """Room for the draws of a box.

    A plane for each word, and flat rows of whole groups of pixels.
    """

    planes: np.ndarray
    uniform: np.ndarray
    mean: np.ndarray
    counts: np.ndarray
    none: np.ndarray


def make_draws(size: int) -> Draws:
    """Make room for a canvas of size x size pixels."""
    n = size * (size // LANES + 2)
    rows = [np.zeros(LANES * n, np.float32) for _ in range(4)]
    return Draws(np.zeros((LANES, n), np.float32), *rows)


@fast_kernel
def normal_quantile(u: float) -> Any:
    """Return the standard normal quantile in float32.

    Giles (2012), "Approximating the erfinv function".

    Both polynomials are evaluated and one is taken, which is what vectors want; absolute error
    below 1e-5 between 2^-24 and 1 - 2^-24.

    Parameters
    ----------
    u : float32

    Returns
    -------
    float32
    """
    x = (u - _HALF) + (u - _HALF)
    w = -_LN2 * log2(max((_ONE - x) * (_ONE + x), _SMALLEST))
    a = w - np.float32(2.5)
    centre = np.float32(2.81022636e-08)
    centre = np.float32(3.43273939e-07) + centre * a
    centre = np.float32(-3.5233877e-06) + centre * a
    centre = np.float32(-4.39150654e-06) + centre * a
    centre = np.float32(0.00021858087) + centre * a
    centre = np.float32(-0.00125372503) + centre * a
    centre = np.float32(-0.00417768164) + centre * a
    centre = np.float32(0.246640727) + centre * a
    centre = np.float32(1.50140941) + centre * a
    b = np.sqrt(max(w, _ZERO)) - np.float32(3.0)
    tail = np.float32(-0.000200214257)
    tail = np.float32(0.000100950558) + tail * b
    tail = np.float32(0.00134934322) + tail * b
    tail = np.float32(-0.00367342844) + tail * b
    tail = np.float32(0.00573950773) + tail * b
    tail = np.float32(-0.0076224613) + tail * b
    tail = np.float32(0.00943887047) + tail * b
    tail = np.float32(1.00167406) + tail * b
    tail = np.float32(2.83297682) + tail * b
    return _ROOT_2 * x * (centre if w < np.float32(5.0) else tail)


@fast_kernel
def _quantiles(
    uniform: np.ndarray, mean: np.ndarray, n: int, count: np.ndarray, none: np.ndarray
) -> None:
    """Fill Cornish-Fisher counts, and the probability of none."""
    for i in range(n):
        m = max(mean[i], _SMALLEST)
        z = normal_quantile(uniform[i])
        root = np.sqrt(m)
        square = z * z
        shape = (square - _ONE) * _SIXTH + z * (_ONE - square) * _72ND / root
        count[i] = max(np.floor(m + z * root + shape + _HALF), _ZERO)
        none[i] = exp2(-m * _LOG2_E)


@kernel
def _sum_few(
    uniform: np.ndarray, mean: np.ndarray, n: int, count: np.ndarray, none: np.ndarray
) -> None:
    """Replace the counts of pixels below the limit by the exact quantile."""
    for i in range(n):
        m, u = mean[i], uniform[i]
        if m >= _LIMIT:
            continue
        few = 0.0
        if u > none[i]:
            term = exp(-float(m))
            total = term
            while total < u and term > 0:
                few += 1
                term *= m / few
                total += term
        count[i] = few


@fast_kernel
def interleave(planes: np.ndarray, n: int, out: np.ndarray) -> None:
    """Put the words of n groups in the order of their pixels.

    All that follows then runs along rows.

    Parameters
    ----------
    planes : (4 or more, n or more) float32
    n : int
    out : (4 n or more,) float32, written
    """
    plane_0, plane_1, plane_2, plane_3 = planes[0], planes[1], planes[2], planes[3]
    for i in range(n):
        out[4 * i] = plane_0[i]
        out[4 * i + 1] = plane_1[i]
        out[4 * i + 2] = plane_2[i]
        out[4 * i + 3] = plane_3[i]


@fast_kernel
def _fill_mean(
    flux: np.ndarray, width: int, electrons: float, skip: int, stride: int, mean: np.ndarray
) -> None:
    """Fill the expected photons; none in pixels that fill up a group."""
    mean[: len(flux) * stride] = _ZERO
    for row in range(len(flux)):
        source, target = flux[row], mean[row * stride + skip :]
        for column in range(width):
            target[column] = source[column] * electrons


@fast_kernel
def _add_difference(draws: Draws, share: float, skip: int, stride: int, out: np.ndarray) -> None:
    """Add counted less expected photons, as flux."""
    for row in range(len(out)):
        start, target = row * stride + skip, out[row]
        count, mean = draws.counts[start:], draws.mean[start:]
        for column in range(len(target)):
            target[column] += (count[column] - mean[column]) * share


@kernel
def add_noise(
    flux: np.ndarray, gain: float, place: Any, key: int, draws: Draws, out: np.ndarray
) -> None:
    """Add the photon noise of injected flux to an image.

    Parameters
    ----------
    flux : (ny, nx or more) float32, nanomaggy
        Noise-free; where it is 0 so is the noise.
    gain : float, electron / nanomaggy
    place : (x, y, stream)
        First column and row in the brick, and the number of the band.
    key : uint64
        Of the render (`udfs.light.noise.noise_key`).
    draws : Draws
    out : (ny, nx) float32, nanomaggy, added to
    """
    height, width = out.shape
    n_groups = uniforms_of_box(place, height, width, key, draws.planes)
    stride, skip = LANES * n_groups, place[0] & 3
    n = height * stride
    interleave(draws.planes, height * n_groups, draws.uniform)
    _fill_mean(flux, width, np.float32(gain), skip, stride, draws.mean)
    _quantiles(draws.uniform, draws.mean, n, draws.counts, draws.none)
    _sum_few(draws.uniform, draws.mean, n, draws.counts, draws.none)
    _add_difference(draws, np.float32(1 / gain), skip, stride, out)
