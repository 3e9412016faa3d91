"""What the batch loop takes, where its results go, and their types."""

from typing import Any, NamedTuple

import numpy as np
from numba import boolean, float32, float64, int32, int64, uint64

from udfs.jit import record_type


class Batch(NamedTuple):
    """What the loop needs to know, one row per render.

    Attributes
    ----------
    parameters : (n, 12) float64
        Rows of `udfs.core.system.PARAMETERS`.
    central : (n,) float64, 1 / arcsec^2
        Light at the centre of the source of unit flux.
    reach : (n,) float64, R_e
        Beyond it the light is neglected.
    lens : (n, 2) float64, pixel
        Position (x, y) in the canvas.
    origin : (n, 2) int64, pixel
        First column and row of the canvas in the brick.
    flux : (n, n_band) float64, nanomaggy
    fwhm : (n, n_band) float64, pixel
    gain : (n, n_band) float64, electron / nanomaggy
    key : (n,) uint64
        Of the noise (`udfs.light.noise.noise_key`).
    is_wanted : (n,) bool
    canvas : (n,) int64
        The render's row in `host`, `invvar` and `maskbits`.
    host : (n_host, n_band, size, size) float32, nanomaggy
    invvar : (n_host, n_band, size, size) float32, 1 / nanomaggy^2
    maskbits : (n_host, size, size) int32
        One clean row for all where the survey has none.
    corner : (n, n_size, 2) int64, pixel
        First column and row of each stamp in the canvas.
    sizes : (n_size,) int64, pixel
    """

    parameters: np.ndarray
    central: np.ndarray
    reach: np.ndarray
    lens: np.ndarray
    origin: np.ndarray
    flux: np.ndarray
    fwhm: np.ndarray
    gain: np.ndarray
    key: np.ndarray
    is_wanted: np.ndarray
    canvas: np.ndarray
    host: np.ndarray
    invvar: np.ndarray
    maskbits: np.ndarray
    corner: np.ndarray
    sizes: np.ndarray


class Choices(NamedTuple):
    """Settings as numbers, and the Gaussians of the PSF.

    Attributes
    ----------
    scale : float, arcsec / pixel
    weight, sigma_per_fwhm : (n_gaussian,) float64
        Light of each Gaussian, and its sigma over the PSF's FWHM.
    bad_bits, wise_bits : int
        Bits of `maskbits` that spoil a pixel, and those near stars that are bright for WISE.
    detection : int
        Number of the detection band.
    is_poisson : bool
        Whether the arc gets photon noise.
    """

    scale: float
    weight: np.ndarray
    sigma_per_fwhm: np.ndarray
    bad_bits: int
    wise_bits: int
    detection: int
    is_poisson: bool


class Results(NamedTuple):
    """Where results go.

    Attributes
    ----------
    image : (n, n_band, size, size) float32, nanomaggy
        The hosts with the arcs.
    is_finite : (n,) bool
        Whether the host's pixels are; without that nothing is injected.
    lowered_invvar : (n or 0, n_band, size, size) float32, 1 / nanomaggy^2
        No rows where it is not wanted.
    magnification, rendered : (n,) float64
        By rays, and on the canvas.
    peak : (n, n_size) float64
        Largest signal to noise of a pixel in the detection band.
    bad, wise : (n, n_size) float64
        Fractions of the stamp's pixels.
    matched : (n, n_size, n_band) float64
        Signal to noise of a matched filter.
    total : (n, n_size, n_band) float64, nanomaggy
    """

    image: np.ndarray
    is_finite: np.ndarray
    lowered_invvar: np.ndarray
    magnification: np.ndarray
    rendered: np.ndarray
    peak: np.ndarray
    bad: np.ndarray
    wise: np.ndarray
    matched: np.ndarray
    total: np.ndarray


def types_of_arguments() -> tuple[Any, Any, Any]:
    """Return the numba types of `Batch`, `Choices` and `Results`."""
    batch = {name: float64[:, ::1] for name in ("parameters", "lens", "flux", "fwhm", "gain")}
    batch |= dict.fromkeys(("central", "reach"), float64[::1])
    batch |= dict.fromkeys(("canvas", "sizes"), int64[::1])
    batch |= {"origin": int64[:, ::1], "corner": int64[:, :, ::1]}
    batch |= {"key": uint64[::1], "is_wanted": boolean[::1]}
    batch |= dict.fromkeys(("host", "invvar"), float32[:, :, :, ::1])
    batch |= {"maskbits": int32[:, :, ::1]}
    choices = (float64, float64[::1], float64[::1], int64, int64, int64, boolean)
    results = dict.fromkeys(("image", "lowered_invvar"), float32[:, :, :, ::1])
    results |= dict.fromkeys(("magnification", "rendered"), float64[::1])
    results |= dict.fromkeys(("peak", "bad", "wise"), float64[:, ::1])
    results |= dict.fromkeys(("matched", "total"), float64[:, :, ::1])
    results |= {"is_finite": boolean[::1]}
    return (
        record_type(Batch, *(batch[name] for name in Batch._fields)),
        record_type(Choices, *choices),
        record_type(Results, *(results[name] for name in Results._fields)),
    )
