"""Stamps: images of sources with unit flux, placed and added to a model."""

from dataclasses import dataclass

import numpy as np

from ingest.embedded.exposures import PIXEL_ARCSEC, ConditionMaps, Window
from ingest.embedded.lenses import arc_stamp
from ingest.embedded.rendering import (
    LENS_STAMP_PIXELS,
    Profile,
    galaxy_stamp,
    point_stamp,
    stamp_size,
    through_fibre_seeing,
    through_psf,
)

BRIGHT_STAR_STAMP = 240  # pixels
POINT_STAMP = 56
FIBRE_RADIUS_PIXELS = 0.75 / PIXEL_ARCSEC
FIBRE_SEEING_ARCSEC = 1.0


@dataclass(frozen=True)
class Bare:
    """A source of unit flux before the PSF; a point source has no pixels."""

    x0: int  # first pixel, in the brick
    y0: int
    x: float  # centre, in the stamp
    y: float
    size: int
    pixels: np.ndarray | None
    fibre_fraction: float  # of the flux inside a fibre of 1.5 arcsec in 1 arcsec seeing


@dataclass(frozen=True)
class Stamp:
    """A source of unit flux in one band; x0 and y0 count from the window's."""

    x0: int
    y0: int
    pixels: np.ndarray


def bare_source(source: np.ndarray, phi: float) -> Bare:
    """Return a source before the PSF, its major axis at ``phi`` (radian).

    Parameters
    ----------
    source : () SOURCE
    phi : float, radian
    """
    if source["reff"] <= 0:
        size = BRIGHT_STAR_STAMP if source["kind"] == "bright_star" else POINT_STAMP
        x0, y0, x, y = _placed(source, size)
        fibre = fibre_sum(point_stamp(FIBRE_SEEING_ARCSEC, x, y, size), x, y)
        return Bare(x0, y0, x, y, size, None, fibre)
    profile = Profile.of(source, phi)
    size = stamp_size(profile)
    x0, y0, x, y = _placed(source, size)
    pixels = galaxy_stamp(profile, x, y, size)
    fibre = fibre_sum(through_fibre_seeing(pixels, FIBRE_SEEING_ARCSEC), x, y)
    return Bare(x0, y0, x, y, size, pixels, fibre)


def bare_arcs(lens: np.ndarray, host: np.ndarray) -> Bare:
    """Return the lensed images around a host, of unit unlensed flux, no PSF.

    Parameters
    ----------
    lens : () LENS
    host : () SOURCE
    """
    x0, y0, x, y = _placed(host, LENS_STAMP_PIXELS)
    return Bare(x0, y0, x, y, LENS_STAMP_PIXELS, arc_stamp(lens, x, y), 0.0)


def _placed(source: np.ndarray, size: int) -> tuple[int, int, float, float]:
    """Return the first pixel of a source's stamp, and its centre there."""
    x0, y0 = round(float(source["x"])) - size // 2, round(float(source["y"])) - size // 2
    return x0, y0, float(source["x"]) - x0, float(source["y"]) - y0


def seen_stamp(bare: Bare, box: Window, maps: ConditionMaps) -> Stamp:
    """Return a source through the PSF of its place in one band."""
    psfsize = psfsize_at(maps, box, bare.x0 + bare.x, bare.y0 + bare.y)
    pixels = (
        point_stamp(psfsize, bare.x, bare.y, bare.size)
        if bare.pixels is None
        else through_psf(bare.pixels, psfsize)
    )
    return Stamp(bare.x0 - box.x0, bare.y0 - box.y0, pixels)


def psfsize_at(maps: ConditionMaps, box: Window, x: float, y: float) -> float:
    """Return the seeing at a place of the brick, arcsec."""
    column, row = nearest_pixel(box, x, y)
    found = float(maps.psfsize[row, column])
    if found > 0:
        return found
    covered = maps.psfsize[maps.psfsize > 0]
    return float(np.median(covered)) if covered.size else FIBRE_SEEING_ARCSEC


def nearest_pixel(box: Window, x: float, y: float) -> tuple[int, int]:
    """Return the nearest pixel of the window to a place of the brick, x and y."""
    column, row = round(float(x)) - box.x0, round(float(y)) - box.y0
    return min(max(column, 0), box.nx - 1), min(max(row, 0), box.ny - 1)


def overlap(stamp: Stamp, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the slices of the window and of a stamp where they overlap."""
    in_window, in_stamp = [], []
    for start, size, limit in zip((stamp.y0, stamp.x0), stamp.pixels.shape, shape, strict=True):
        low = min(max(start, 0), limit)
        high = max(min(start + size, limit), low)
        in_window.append(slice(low, high))
        in_stamp.append(slice(low - start, high - start))
    return tuple(in_window), tuple(in_stamp)


def add_stamp(model: np.ndarray, stamp: Stamp, flux: float) -> None:
    """Add a stamp of some flux to the model.

    Parameters
    ----------
    model : (ny, nx) float, nanomaggy
        Changed in place.
    stamp : Stamp
    flux : float, nanomaggy
    """
    inside, part = overlap(stamp, model.shape)
    model[inside] += flux * stamp.pixels[part]


def fibre_weights(shape: tuple[int, ...], x: float, y: float) -> np.ndarray:
    """Return the share of each pixel inside a fibre.

    Parameters
    ----------
    shape : (int, int)
    x : float, pixel
    y : float, pixel

    Returns
    -------
    (y, x) float, from 0 to 1
    """
    distance = np.hypot(np.arange(shape[1])[None, :] - x, np.arange(shape[0])[:, None] - y)
    return np.clip(FIBRE_RADIUS_PIXELS - distance + 0.5, 0, 1)


def fibre_sum(stamp: np.ndarray, x: float, y: float) -> float:
    """Return the light of a stamp inside a fibre.

    Parameters
    ----------
    stamp : (y, x) float
    x : float, pixel
    y : float, pixel
    """
    return float((stamp * fibre_weights(stamp.shape, x, y)).sum())
