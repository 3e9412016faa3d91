"""The pixels of a brick: sources and arcs through the PSF, noise, masks.

The noise of a pixel is Gaussian with variance 1 / invvar, where invvar holds the sky and the shot
noise of the sources; it is white (the survey's resampling correlates neighbours a little). Where
invvar is 0 inside the coverage, image holds an unweighted mean of bad exposures: not sky.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ingest.embedded import masks as brick_masks
from ingest.embedded import troubles
from ingest.embedded.astrometry import pixel_angle, primary_pixels
from ingest.embedded.draws import generator
from ingest.embedded.exposures import (
    BANDS,
    EXPOSURE_GAIN,
    ConditionMaps,
    Window,
    condition_maps,
    exposures,
    window,
)
from ingest.embedded.layout import Site
from ingest.embedded.lenses import draw_lenses
from ingest.embedded.populations import SOURCE, draw_sources
from ingest.embedded.stamps import Bare, Stamp, add_stamp, bare_arcs, bare_source, seen_stamp
from udfs.light.photometry import flux_from_magnitude

STAMP_MARGIN_PIXELS = 54  # a 101-pixel cutout of a clean source is covered whole
MIN_EXPOSURES = 3
STAR_MARGIN_PIXELS = 100
BRIGHT_STAR_R_MAG = 13.5
BRIGHT_STAR_COLOURS = {"g": 0.6, "r": 0.0, "z": -0.3, "w1": 0.8, "w2": 1.4}  # to r
COSMIC_RAYS_PER_MEGAPIXEL = 25
COSMIC_RAY_NMGY = (0.05, 0.5)
FLAT_FIELD_SCATTER = 0.004  # of invvar, per pixel, on one side of the window
FLAT_FIELD_SHARE = 0.2  # of the window's width


@dataclass(frozen=True)
class Scene:
    """The sources and lenses of a brick, before any PSF."""

    sources: np.ndarray  # (n,) SOURCE
    lenses: np.ndarray  # (n_lenses,) LENS
    bare: list[Bare]  # one per source
    arcs: list[Bare]  # one per lens


@dataclass(frozen=True)
class BandPixels:
    """A band of a pixel brick's window: the files' pixels, and their truth."""

    image: np.ndarray  # (ny, nx) float32, nanomaggy
    invvar: np.ndarray  # (ny, nx) float32, 1 / nanomaggy^2
    psfsize: np.ndarray  # (ny, nx) float32, arcsec, as written
    maps: ConditionMaps  # without faults
    model: np.ndarray  # (ny, nx) float64, nanomaggy: sources and arcs without noise
    is_masked: np.ndarray  # (ny, nx) bool: covered, but no exposure is good
    stamps: list[Stamp]  # one per source


@dataclass(frozen=True)
class PixelBrick:
    """A pixel brick: its scene, masks and bands."""

    site: Site
    box: Window
    scene: Scene
    bands: dict[str, BandPixels]
    maskbits: np.ndarray  # (3600, 3600) int32
    wise: tuple[np.ndarray, np.ndarray]  # (3600, 3600) uint8


def pixel_brick(site: Site) -> PixelBrick:
    """Make everything about a pixel brick from its site alone."""
    box = window(site)
    maps = {band: condition_maps(site, band) for band in BANDS}
    masks = brick_masks.star_masks(box, site.brick.name)
    is_primary = primary_pixels(site.brick)
    allowed = allowed_places(site, maps, masks, is_primary[box.slices])
    seen = scene(site, box, allowed)
    troubles.add_mask_troubles(site, box, masks, seen.sources)
    bands = {band: band_pixels(site, band, maps[band], masks, seen) for band in BANDS}
    troubles.add_negative_invvar(site, box, bands["r"].invvar, seen.sources)
    troubles.add_zero_psfsize(site, box, bands["r"].psfsize, seen.sources)
    bits = np.where(is_primary, 0, brick_masks.bit("NPRIMARY")).astype(np.int32)
    bits[box.slices] |= masks.bits | all_masked_bits(bands)
    wise = [brick_masks.whole_brick(mask, box) for mask in masks.wise]
    return PixelBrick(site, box, seen, bands, bits, (wise[0], wise[1]))


def allowed_places(
    site: Site, maps: dict[str, ConditionMaps], masks: brick_masks.Masks, is_primary: np.ndarray
) -> dict[str, np.ndarray]:
    """Return where sources may be: 'clean', 'anywhere' or at the 'rim'.

    Parameters
    ----------
    site : Site
    maps : dict of str to ConditionMaps
        By band.
    masks : Masks
    is_primary : (ny, nx) bool

    Returns
    -------
    dict of str to (ny, nx) bool
    """
    covered_bands = [band for band in BANDS if exposures(site, band).n > 0]
    fewest = np.min([maps[band].n_exposures for band in covered_bands], axis=0)
    is_deep = (fewest >= MIN_EXPOSURES).astype(np.uint8)
    around = 2 * STAMP_MARGIN_PIXELS + 1
    is_deep_around = ndimage.minimum_filter(is_deep, around, mode="constant") > 0
    is_free = is_primary & (masks.bits == 0) & (fewest > 0)
    return {
        "clean": is_free & is_deep_around & (masks.star_distance > STAR_MARGIN_PIXELS),
        "anywhere": is_free,
        "rim": is_free & ~is_deep_around,
    }


def scene(site: Site, box: Window, allowed: dict[str, np.ndarray]) -> Scene:
    """Return the sources and lenses of a brick, rendered without a PSF.

    Parameters
    ----------
    site : Site
    box : Window
    allowed : dict of str to (ny, nx) bool
        As `allowed_places` returns it.
    """
    sources = draw_sources(site, allowed, (box.x0, box.y0))
    sources = np.concatenate([sources, bright_star(site, box)])
    pa = 0.5 * np.arctan2(sources["e2"], sources["e1"])
    phi = pixel_angle(site.brick, sources["x"], sources["y"], pa)
    lenses = draw_lenses(sources, phi, site.brick.name)
    return Scene(
        sources=sources,
        lenses=lenses,
        bare=[bare_source(source, angle) for source, angle in zip(sources, phi, strict=True)],
        arcs=[bare_arcs(lens, sources[lens["source"]]) for lens in lenses],
    )


def bright_star(site: Site, box: Window) -> np.ndarray:
    """Return the star that the masks surround, (1,) SOURCE.

    Parameters
    ----------
    site : Site
    box : Window

    Returns
    -------
    (1,) SOURCE
    """
    star = np.zeros(1, SOURCE)
    star["kind"], star["type"] = "bright_star", "PSF"
    x, y = brick_masks.star_place(box, site.brick.name)
    star["x"], star["y"] = box.x0 + x, box.y0 + y
    for band, colour in BRIGHT_STAR_COLOURS.items():
        star[f"flux_{band}"] = flux_from_magnitude(BRIGHT_STAR_R_MAG + colour)
    return star


def band_pixels(
    site: Site, band: str, maps: ConditionMaps, masks: brick_masks.Masks, seen: Scene
) -> BandPixels:
    """Return one band: model, noise and masks, without single bad pixels."""
    model, stamps = band_model(window(site), band, maps, seen)
    draw = generator(site.brick.name, f"noise {band}")
    is_covered = maps.n_exposures > 0
    shot = np.maximum(model, 0) / (EXPOSURE_GAIN[band] * np.maximum(maps.n_exposures, 1))
    sky = sky_invvar_with_texture(maps, draw)
    invvar = np.divide(sky, 1 + sky * shot, dtype=np.float32)
    noise = draw.standard_normal(model.shape, np.float32)
    image = model + np.divide(noise, np.sqrt(invvar), out=np.zeros_like(noise), where=is_covered)
    is_hit = cosmic_rays(model.shape, draw) & is_covered
    image[is_hit] += draw.uniform(*COSMIC_RAY_NMGY, int(is_hit.sum()))
    is_masked = is_covered & (is_hit | masks.saturated)
    invvar[is_masked] = 0
    psfsize = maps.psfsize.copy()
    return BandPixels(image.astype(np.float32), invvar, psfsize, maps, model, is_masked, stamps)


def band_model(
    box: Window, band: str, maps: ConditionMaps, seen: Scene
) -> tuple[np.ndarray, list[Stamp]]:
    """Return sources and arcs through the PSF, and the sources' stamps.

    Parameters
    ----------
    box : Window
    band : str
    maps : ConditionMaps
    seen : Scene

    Returns
    -------
    (ny, nx) float, nanomaggy
    list of Stamp
        Of the sources, without the arcs.
    """
    model = np.zeros((box.ny, box.nx))
    stamps = [seen_stamp(bare, box, maps) for bare in seen.bare]
    arcs = [seen_stamp(bare, box, maps) for bare in seen.arcs]
    fluxes = [*seen.sources[f"flux_{band}"], *seen.lenses[f"flux_{band}"]]
    for stamp, flux in zip(stamps + arcs, fluxes, strict=True):
        add_stamp(model, stamp, float(flux))
    return np.where(maps.n_exposures > 0, model, 0), stamps


def sky_invvar_with_texture(maps: ConditionMaps, draw: np.random.Generator) -> np.ndarray:
    """Return the sky's inverse variance, one side with a flat's scatter.

    Tiles with scatter are quantised and Rice-coded, tiles without fall back to gzip, as in the
    survey's files.

    Parameters
    ----------
    maps : ConditionMaps
    draw : numpy.random.Generator

    Returns
    -------
    (ny, nx) float32, 1 / nanomaggy^2
    """
    sky = maps.sky_invvar.copy()
    side = sky[:, : int(FLAT_FIELD_SHARE * sky.shape[1])]
    side *= 1 + FLAT_FIELD_SCATTER * draw.standard_normal(side.shape, np.float32)
    return sky


def cosmic_rays(shape: tuple[int, ...], draw: np.random.Generator) -> np.ndarray:
    """Return the pixels that every exposure has masked: short runs.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the window.
    draw : numpy.random.Generator

    Returns
    -------
    (ny, nx) bool
    """
    is_hit = np.zeros(shape, bool)
    n = int(COSMIC_RAYS_PER_MEGAPIXEL * is_hit.size / 1e6)
    rows, columns = draw.integers(shape[0], size=n), draw.integers(shape[1], size=n)
    for row, column, length in zip(rows, columns, draw.integers(1, 5, n), strict=True):
        is_hit[row, column : column + length] = True
    return is_hit


def all_masked_bits(bands: dict[str, BandPixels]) -> np.ndarray:
    """Return ALLMASK bits where no exposure is good, (ny, nx) int32.

    Parameters
    ----------
    bands : dict of str to BandPixels

    Returns
    -------
    (ny, nx) int32
    """
    bits = np.zeros(bands["r"].is_masked.shape, np.int32)
    for band, pixels in bands.items():
        bits[pixels.is_masked] |= brick_masks.bit(f"ALLMASK_{band.upper()}")
    return bits
