"""Photon noise of injected flux.

Only the arc gets noise, the host has its own. The draws are counter-based, so the noise of a pixel
depends on the render, the band and the pixel of the brick alone.
"""

from math import erfc, exp, floor, log, sqrt
from typing import Any

import numpy as np

from udfs.jit import kernel
from udfs.light.noise import SUMMATION_LIMIT
from udfs.light.philox import uniform


@kernel
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile.

    Abramowitz & Stegun 26.2.23, then one Halley step on erfc.

    The absolute error is below 1e-9 for p within 1e-15 of 0 and 1.
    """
    tail = min(p, 1 - p)
    t = sqrt(-2 * log(tail))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    for _ in range(2):
        error = 0.5 * erfc(z / sqrt(2.0)) - tail
        step = -error * sqrt(2 * np.pi) * exp(0.5 * z * z)
        z -= step / (1 + 0.5 * z * step)
    return -z if p < 0.5 else z


@kernel
def poisson_quantile(mean: float, p: float) -> Any:
    """Return the number of counts k with P(X < k) <= p < P(X <= k).

    Exact by summation up to `SUMMATION_LIMIT`; above, the Cornish-Fisher expansion of the quantile
    to order 1 / mean, which is off by at most one count.
    """
    if mean <= 0:
        return 0.0
    if mean > SUMMATION_LIMIT:
        z = normal_quantile(p)
        root = sqrt(mean)
        shape = (z * z - 1) / 6 + (z - z * z * z) / (72 * root)
        return max(0.0, floor(mean + z * root + shape + 0.5))
    count, term = 0.0, exp(-mean)
    total = term
    while total < p and term > 0:
        count += 1
        term *= mean / count
        total += term
    return count


@kernel
def photon_noise(
    flux: np.ndarray, gain: float, x0: int, y0: int, stream: int, key: int
) -> np.ndarray:
    """Draw the Poisson noise of a flux image.

    Counts over gain minus the flux itself.

    Parameters
    ----------
    flux : (ny, nx) float, nanomaggy
        Noise-free injected flux. Where it is not above 0 the noise is exactly 0.
    gain : float, electron / nanomaggy
    x0, y0 : int, pixel
        First column and row of the image in the brick.
    stream : int
        Number of the band.
    key : uint64
        Of the render (`udfs.light.noise.noise_key`).

    Returns
    -------
    (ny, nx) float32, nanomaggy
    """
    noise = np.zeros(flux.shape, np.float32)
    for row in range(flux.shape[0]):
        for column in range(flux.shape[1]):
            mean = float(flux[row, column]) * gain
            if mean > 0:
                draw = uniform(x0 + column, y0 + row, stream, key)
                noise[row, column] = (poisson_quantile(mean, draw) - mean) / gain
    return noise


def lowered_invvar(invvar: np.ndarray, flux: np.ndarray, gain: float) -> np.ndarray:
    """Add the arc's photon noise to an inverse variance.

    1 / (1 / invvar + flux / gain).

    Pixels without flux or without positive inverse variance keep their value.

    Parameters
    ----------
    invvar : (ny, nx) float, 1 / nanomaggy^2
    flux : (ny, nx) float, nanomaggy
    gain : float, electron / nanomaggy

    Returns
    -------
    (ny, nx) float, 1 / nanomaggy^2
    """
    return (invvar / (1 + np.maximum(flux, 0) / gain * np.maximum(invvar, 0))).astype(invvar.dtype)
