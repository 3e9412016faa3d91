"""Pixels and conditions of the host galaxies of one brick.

Renders of the same galaxy share its pixels, so everything here is per host.
"""

from dataclasses import dataclass

import numpy as np
from numba import float32, int64

from injection.brick_files import Brick
from pixels.cards import FitsError
from pixels.read_ahead import read_tiles_ahead
from pixels.tiles import TiledImage, cut_squares, pixels_at, tiles_touched
from udfs.batch.records import Settings
from udfs.batch.stamps import stamp_corner
from udfs.checks import PSF_FWHM_RANGE_ARCSEC
from udfs.jit import called_with, kernel

MAP, MANIFEST, FALLBACK = "map", "manifest", "fallback"


@dataclass(frozen=True)
class Places:
    """Where the hosts are in their brick.

    Parameters
    ----------
    x_pix, y_pix : (n,) float64, pixel
        Counted from 0; NaN for a galaxy on the far side of the sky.
    corner : (n, 2) int64, pixel
        First column and row of the canvas.
    stamp_corners : dict of size to (n, 2) int64, pixel
    is_inside : dict of size to (n,) bool
        Whether the whole stamp is in the brick.
    """

    x_pix: np.ndarray
    y_pix: np.ndarray
    corner: np.ndarray
    stamp_corners: dict[int, np.ndarray]
    is_inside: dict[int, np.ndarray]


@dataclass(frozen=True)
class HostPixels:
    """Canvases of the hosts.

    Parameters
    ----------
    image, invvar : (n, n_band, size, size) float32, nanomaggy and its inverse square
        Negative inverse variances are 0 already.
    maskbits : (n, size, size) int32, or None
    failures : list of n
        The error that the host's tiles gave, or None.
    """

    image: np.ndarray
    invvar: np.ndarray
    maskbits: np.ndarray | None
    failures: list[FitsError | None]


def places(
    x_pix: np.ndarray, y_pix: np.ndarray, shape: tuple[int, int], settings: Settings
) -> Places:
    """Place stamps and canvases around positions.

    Parameters
    ----------
    x_pix, y_pix : (n,) float, pixel
    shape : (int, int), (y, x) pixels of the brick
    settings : Settings

    Returns
    -------
    Places
    """
    far = -10 * settings.canvas_size  # stands for a position that is nowhere near
    x, y = (np.where(np.isfinite(v), np.clip(v, far, 10**7), far) for v in (x_pix, y_pix))
    corners = {
        size: np.stack([stamp_corner(x, size), stamp_corner(y, size)], axis=1)
        for size in settings.stamp_sizes
    }
    inside = {
        size: np.all((corner >= 0) & (corner + size <= np.array(shape[::-1])), axis=1)
        for size, corner in corners.items()
    }
    return Places(x_pix, y_pix, corners[settings.canvas_size], corners, inside)


def read_hosts_ahead(brick: Brick, corners: np.ndarray, size: int) -> None:
    """Ask for the bytes of all tiles that canvases touch.

    In all files, before one is decoded.

    Parameters
    ----------
    brick : Brick
    corners : (n, 2) int, pixel
    size : int, pixel
    """
    layers = [*brick.image.values(), *brick.invvar.values(), *brick.psfsize.values()]
    for layer in (*layers, *filter(None, [brick.maskbits])):
        read_tiles_ahead(layer, tiles_touched(layer, corners, size))


def cut_hosts(brick: Brick, corners: np.ndarray, settings: Settings) -> HostPixels:
    """Cut the canvases of all hosts; every tile is decoded once.

    Parameters
    ----------
    brick : Brick
    corners : (n, 2) int, pixel
    settings : Settings

    Returns
    -------
    HostPixels
    """
    n, n_band, size = len(corners), len(settings.bands), settings.canvas_size
    read_hosts_ahead(brick, corners, size)
    failures: list[FitsError | None] = [None] * n
    image = np.zeros((n, n_band, size, size), dtype=np.float32)
    invvar = np.zeros_like(image)
    for index, band in enumerate(settings.bands):
        image[:, index] = _cut(brick.image[band], corners, size, failures)
        invvar[:, index] = _cut(brick.invvar[band], corners, size, failures)
    np.maximum(invvar, 0, out=invvar)  # the survey's own files hold a few negative ones
    maskbits = None
    if brick.maskbits is not None:
        maskbits = _cut(brick.maskbits, corners, size, failures).astype(np.int32)
    return HostPixels(image, invvar, maskbits, failures)


def _cut(
    layer: TiledImage, corners: np.ndarray, size: int, failures: list[FitsError | None]
) -> np.ndarray:
    """Cut squares of one image.

    A tile that cannot be decoded costs only the hosts that touch it.
    """
    try:
        return cut_squares(layer, corners, size)
    except FitsError:
        squares = np.zeros((len(corners), size, size), dtype=layer.dtype)
        for host in range(len(corners)):
            try:
                squares[host] = cut_squares(layer, corners[host : host + 1], size)[0]
            except FitsError as error:
                failures[host] = failures[host] or error
        return squares


def covered_fraction(
    invvar: np.ndarray, corner: np.ndarray, stamp_corner_pix: np.ndarray, size: int
) -> np.ndarray:
    """Return the fraction of a stamp's pixels that have data.

    By inverse variance and never by the image.

    Parameters
    ----------
    invvar : (n, n_band, canvas, canvas) float
    corner, stamp_corner_pix : (n, 2) int, pixel
        First pixel of canvas and stamp.
    size : int, pixel

    Returns
    -------
    (n, n_band) float64
    """
    return _n_positive(invvar, stamp_corner_pix - corner, size) / size**2


@called_with(lambda: [(float32[:, :, :, ::1], int64[:, ::1], int64)])
@kernel
def _n_positive(layers: np.ndarray, corner: np.ndarray, size: int) -> np.ndarray:
    """Count the positive pixels in a square of each layer of each host.

    numpy's mean takes three times as long.
    """
    counts = np.zeros(layers.shape[:2], dtype=np.int64)
    for host in range(layers.shape[0]):
        x, y = corner[host, 0], corner[host, 1]
        for layer in range(layers.shape[1]):
            n = 0
            for row in layers[host, layer, y : y + size]:
                for value in row[x : x + size]:
                    n += value > 0
            counts[host, layer] = n
    return counts


def psf_widths(
    brick: Brick, spot: Places, from_tasks: np.ndarray, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """Return the PSF width of each band at each host, and its origin.

    The brick's map at the galaxy's pixel counts, then the width that the task states, then that of
    the detection band; a width outside 0.5 to 5 arcsec counts as none.

    Parameters
    ----------
    brick : Brick
    spot : Places
    from_tasks : (n, n_band) float, arcsec
        ``psfsize_<band>`` of the tasks, NaN where they have none.
    settings : Settings

    Returns
    -------
    (n, n_band) float64, arcsec
        NaN where there is none.
    (n, n_band) object, str or None
        `MAP`, `MANIFEST` or `FALLBACK`.
    """
    from_maps = np.full(from_tasks.shape, np.nan)
    for index, band in enumerate(settings.bands):
        if band in brick.psfsize:
            from_maps[:, index] = _map_values(brick.psfsize[band], spot)
    widths, sources = _accepted(from_maps), np.full(from_maps.shape, MAP, dtype=object)
    sources[np.isnan(widths)] = MANIFEST
    widths = np.where(np.isnan(widths), _accepted(from_tasks), widths)
    sources[np.isnan(widths)] = FALLBACK
    widths = np.where(np.isnan(widths), widths[:, [settings.detection_index]], widths)
    sources[np.isnan(widths)] = None
    return widths, sources


def _map_values(layer: TiledImage, spot: Places) -> np.ndarray:
    """Read a map at the pixels of the hosts.

    NaN where the tile is broken or off the brick.
    """
    position = np.stack([spot.x_pix, spot.y_pix], axis=1)
    pixel = np.floor(np.nan_to_num(position, nan=-1e6) + 0.5).astype(np.int64)
    try:
        return pixels_at(layer, pixel[:, 0], pixel[:, 1]).astype(np.float64)
    except FitsError:
        values = np.full(len(pixel), np.nan)
        for host, (x, y) in enumerate(pixel):
            try:
                values[host] = pixels_at(layer, np.array([x]), np.array([y]))[0]
            except FitsError:
                continue
        return values


def _accepted(widths: np.ndarray) -> np.ndarray:
    """Keep widths in the range of real seeing, NaN elsewhere."""
    low, high = PSF_FWHM_RANGE_ARCSEC
    return np.where((widths >= low) & (widths <= high), widths, np.nan)
