"""Exposures, and the maps of depth, seeing and coverage that follow.

The maps step at the edges of CCDs. Every exposure is a rectangle of two CCDs with a gap between
them, dithered; each CCD has its own noise level and seeing. Coverage fills one corner of a pixel
brick (the *window*).
"""

from dataclasses import dataclass

import numpy as np

from ingest.embedded.draws import generator, uniform
from ingest.embedded.layout import BROKEN, Quality, Site, Trouble

BANDS = ("g", "r", "z")
BRICK_PIXELS = 3600
PIXEL_ARCSEC = 0.262
FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))

# Noise of one DECam exposure, nanomaggy per pixel: `sig1` of a real one of each band.
EXPOSURE_SIGMA_NMGY = {"g": 0.0082, "r": 0.0125, "z": 0.0266}
# Electrons per nanomaggy in one exposure of 90 s.
EXPOSURE_GAIN = {"g": 4000.0, "r": 4500.0, "z": 3500.0}
SEEING_RATIO = {"g": 1.06, "r": 1.0, "z": 0.93}  # to the r band
DEEP_EXPOSURES = (4, 5, 6, 7, 8, 12)
FAILING_EXPOSURES = {"g": 3, "r": 5, "z": 2}  # of dusty and blurred bricks

WINDOW_PIXELS = (1430, 1600)
BROKEN_WINDOW_PIXELS = (900, 1000)
DITHER_PIXELS = 50
GAP_PIXELS = 40
DQ_SATURATED = 1 << 1  # bit 1 of ANYMASK and ALLMASK
DQ_COSMIC_RAY = 1 << 4  # bit 4


@dataclass(frozen=True)
class Exposures:
    """Exposures of a brick in one band; the last axis is the CCD.

    The first CCD is to the left of the gap.
    """

    sigma: np.ndarray  # (n, 2) nanomaggy per pixel
    fwhm: np.ndarray  # (n, 2) arcsec, noise-equivalent area
    dither: np.ndarray  # (n, 2) pixel, of the outer edge in x and y

    @property
    def n(self) -> int:
        """Return the number of exposures."""
        return len(self.sigma)


@dataclass(frozen=True)
class Window:
    """The covered corner of a brick, in its pixels."""

    x0: int
    y0: int
    nx: int
    ny: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return the window's slices of a whole brick's array, y first."""
        return slice(self.y0, self.y0 + self.ny), slice(self.x0, self.x0 + self.nx)


@dataclass(frozen=True)
class ConditionMaps:
    """Conditions per pixel of the window; all zero where no CCD is."""

    n_exposures: np.ndarray  # (ny, nx) int16
    sky_invvar: np.ndarray  # (ny, nx) float32, 1 / nanomaggy^2
    psfsize: np.ndarray  # (ny, nx) float32, arcsec


def exposures(site: Site, band: str) -> Exposures:
    """Return a brick's exposures in one band: depth, seeing and dither."""
    if band not in BANDS or (site.trouble is Trouble.NO_BAND and band == "g"):
        return Exposures(np.ones((0, 2)), np.ones((0, 2)), np.zeros((0, 2), int))
    key = site.brick.name
    draw = generator(key, f"exposures {band}")
    n = int(draw.choice(DEEP_EXPOSURES))
    if site.quality is not Quality.GOOD:
        n = 1 if site.quality is Quality.SHALLOW else FAILING_EXPOSURES[band]
    depth_scatter = draw.normal(0, 0.08, (n, 1)) + draw.normal(0, 0.04, (n, 2))
    seeing_scatter = draw.normal(0, 0.05, (n, 1)) + draw.normal(0, 0.02, (n, 2))
    noise_factor = 1.3 if site.quality is Quality.SHALLOW else 1.0
    return Exposures(
        sigma=noise_factor * EXPOSURE_SIGMA_NMGY[band] * np.exp(depth_scatter),
        fwhm=seeing_r_arcsec(site) * SEEING_RATIO[band] * np.exp(seeing_scatter),
        dither=draw.integers(-DITHER_PIXELS, DITHER_PIXELS + 1, (n, 2)),
    )


def seeing_r_arcsec(site: Site) -> float:
    """Return the typical seeing of a brick in r."""
    limits = (1.75, 2.0) if site.quality is Quality.BLURRED else (1.05, 1.42)
    return uniform(site.brick.name, "seeing", *limits)


def window(site: Site) -> Window:
    """Return the corner of a pixel brick that any exposure may reach."""
    low, high = BROKEN_WINDOW_PIXELS if site.trouble in BROKEN else WINDOW_PIXELS
    size = [int(uniform(site.brick.name, f"window {axis}", low, high)) for axis in "xy"]
    start = [(BRICK_PIXELS - size[axis]) * site.corner[axis] for axis in (0, 1)]
    return Window(x0=start[0], y0=start[1], nx=size[0], ny=size[1])


def condition_maps(site: Site, band: str) -> ConditionMaps:
    """Return maps of a pixel brick's window in one band.

    psfsize is the width for the mean of 1 / NEA weighted by 1 / sigma^2, as in the survey; sources
    play no part in the sky's inverse variance.
    """
    box, taken = window(site), exposures(site, band)
    count = np.zeros((box.ny, box.nx), np.int16)
    weight = np.zeros((box.ny, box.nx))
    weight_over_area = np.zeros((box.ny, box.nx))
    gap = int(uniform(site.brick.name, f"gap {band}", 0.35, 0.65) * box.nx)
    for index in range(taken.n):
        for ccd, part in enumerate(ccd_slices(box, gap, taken.dither[index])):
            one = 1 / taken.sigma[index, ccd] ** 2
            count[part] += 1
            weight[part] += one
            weight_over_area[part] += one / taken.fwhm[index, ccd] ** 2
    psfsize = np.sqrt(weight / np.where(count > 0, weight_over_area, 1))
    flip = tuple(slice(None, None, -1 if site.corner[axis] else 1) for axis in (1, 0))
    return ConditionMaps(
        n_exposures=np.ascontiguousarray(count[flip]),
        sky_invvar=np.ascontiguousarray(weight[flip], np.float32),
        psfsize=np.ascontiguousarray(psfsize[flip], np.float32),
    )


def ccd_slices(box: Window, gap: int, dither: np.ndarray) -> list[tuple[slice, slice]]:
    """Return where the two CCDs of an exposure are in a window.

    Parameters
    ----------
    box : Window
    gap : int, pixel
        Where the gap between the CCDs starts, before dithering.
    dither : (2,) int, pixel
    """
    x_end, y_end = box.nx - DITHER_PIXELS + dither[0], box.ny - DITHER_PIXELS + dither[1]
    gap_start = gap + dither[0]
    rows = slice(0, y_end)
    return [(rows, slice(0, gap_start)), (rows, slice(gap_start + GAP_PIXELS, x_end))]


def point_source_area(psfsize_arcsec: np.ndarray) -> np.ndarray:
    """Return the noise-equivalent area 4 pi sigma^2 of a point source, pixels.

    Parameters
    ----------
    psfsize_arcsec : array of float, arcsec

    Returns
    -------
    array of float, pixel^2
    """
    return 4 * np.pi * (np.asarray(psfsize_arcsec) / PIXEL_ARCSEC / FWHM_PER_SIGMA) ** 2


def brick_exposure_means(site: Site, band: str) -> tuple[int, float, float]:
    """Return number, sky inverse variance and psfsize where exposures overlap."""
    taken = exposures(site, band)
    if taken.n == 0:
        return 0, 0.0, 0.0
    weight = 1 / taken.sigma[:, 0] ** 2
    psfsize = np.sqrt(weight.sum() / (weight / taken.fwhm[:, 0] ** 2).sum())
    return taken.n, float(weight.sum()), float(psfsize)
