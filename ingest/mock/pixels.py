"""The pixels of a brick: sources and arcs through the local PSF, noise, masks, and what is wrong.

The noise of a pixel is Gaussian with variance 1 / invvar, where invvar is the sky's and the
sources' own shot noise; it is white (the survey's resampling correlates neighbours a little).
Where invvar is 0 inside the coverage, image holds what an unweighted mean would: not sky.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ingest.mock import masks as brick_masks
from ingest.mock.astrometry import pixel_angle, primary_pixels
from ingest.mock.draws import generator
from ingest.mock.exposures import (
    BANDS,
    EXPOSURE_GAIN,
    ConditionMaps,
    Window,
    condition_maps,
    exposures,
    window,
)
from ingest.mock.layout import Site, Trouble
from ingest.mock.lenses import arc_stamp, draw_lenses
from ingest.mock.populations import SOURCE, draw_sources
from ingest.mock.rendering import (
    LENS_STAMP_PIXELS,
    galaxy_stamp,
    point_stamp,
    stamp_size,
    through_fibre_seeing,
    through_psf,
)

STAMP_MARGIN_PIXELS = 54  # a 101-pixel cutout of a clean source is covered whole
MIN_EXPOSURES = 3
STAR_MARGIN_PIXELS = 100
BRIGHT_STAR_MAG = 13.5
BRIGHT_STAR_STAMP = 240
POINT_STAMP = 56
COSMIC_RAYS_PER_MEGAPIXEL = 25
FLAT_FIELD_SCATTER = 0.004  # of invvar, per pixel, on one half of the window
NEGATIVE_INVVAR = -100.0
PSFSIZE_ZERO_HALF = 60  # pixels


@dataclass(frozen=True)
class Stamp:
    """A unit-flux image of a source in one band, and where its first pixel is in the window."""

    x0: int
    y0: int
    pixels: np.ndarray
    fibre_fraction: float  # of the flux inside a fibre of 1.5 arcsec in 1 arcsec seeing


@dataclass
class BandPixels:
    """A band of a pixel brick's window: what is written, and what only the maker knows."""

    image: np.ndarray  # (ny, nx) float32, nanomaggy
    invvar: np.ndarray  # (ny, nx) float32
    psfsize: np.ndarray  # (ny, nx) float32, arcsec, as written
    maps: ConditionMaps  # as measured
    model: np.ndarray  # (ny, nx) float64, nanomaggy: sources and arcs without noise
    is_masked: np.ndarray  # (ny, nx) bool: covered, but no exposure is good
    stamps: list[Stamp]  # one per source


@dataclass
class PixelBrick:
    """A pixel brick: its sources, lenses, masks and bands."""

    site: Site
    box: Window
    sources: np.ndarray
    lenses: np.ndarray
    bands: dict[str, BandPixels]
    maskbits: np.ndarray  # (3600, 3600) int32
    wise: tuple[np.ndarray, np.ndarray]  # (3600, 3600) uint8


def pixel_brick(site: Site) -> PixelBrick:
    """Everything about a pixel brick, made from its name alone."""
    box = window(site)
    maps = {band: condition_maps(site, band) for band in BANDS}
    masks = brick_masks.star_masks(box, site.brick.name)
    is_primary = primary_pixels(site.brick)
    allowed = allowed_places(site, box, maps, masks, is_primary[box.slices])
    sources = draw_sources(site, allowed, (box.x0, box.y0))
    sources = np.concatenate([sources, bright_star(site, box)])
    phi = light_angles(site, sources)
    lenses = draw_lenses(sources, phi, site.brick.name)
    add_trouble_patches(site, box, masks, sources)
    bands = {
        band: band_pixels(site, band, maps[band], masks.saturated, sources, phi, lenses)
        for band in BANDS
    }
    add_trouble_pixels(site, box, bands, sources)
    bits = np.where(is_primary, 0, brick_masks.bit("NPRIMARY")).astype(np.int32)
    bits[box.slices] |= masks.bits | all_masked_bits(bands)
    wise = tuple(brick_masks.whole_brick(mask, box) for mask in masks.wise)
    return PixelBrick(site, box, sources, lenses, bands, bits, (wise[0], wise[1]))


def allowed_places(
    site: Site,
    box: Window,
    maps: dict[str, ConditionMaps],
    masks: brick_masks.Masks,
    is_primary: np.ndarray,
) -> dict[str, np.ndarray]:
    """Where sources may be: 'clean' (three exposures all over a cutout), 'anywhere', 'rim'."""
    covered_bands = [band for band in BANDS if exposures(site, band).n > 0]
    fewest = np.min([maps[band].n_exposures for band in covered_bands], axis=0)
    is_deep = (fewest >= MIN_EXPOSURES).astype(np.uint8)
    around = 2 * STAMP_MARGIN_PIXELS + 1
    is_deep_around = ndimage.minimum_filter(is_deep, around, mode="constant") > 0
    star_x, star_y = brick_masks.star_position(box, site.brick.name)
    distance = np.hypot(
        np.arange(box.nx)[None, :] + box.x0 - star_x, np.arange(box.ny)[:, None] + box.y0 - star_y
    )
    is_free = is_primary & (masks.bits == 0) & (fewest > 0)
    return {
        "clean": is_free & is_deep_around & (distance > STAR_MARGIN_PIXELS),
        "anywhere": is_free,
        "rim": is_free & ~is_deep_around,
    }


def bright_star(site: Site, box: Window) -> np.ndarray:
    """The star that the masks surround. Returns (1,) SOURCE."""
    star = np.zeros(1, SOURCE)
    star["kind"], star["type"] = "bright_star", "PSF"
    star["x"], star["y"] = brick_masks.star_position(box, site.brick.name)
    for band, colour in (("g", 0.6), ("r", 0.0), ("z", -0.3), ("w1", 0.8), ("w2", 1.4)):
        star[f"flux_{band}"] = 10 ** (-0.4 * (BRIGHT_STAR_MAG + colour - 22.5))
    return star


def light_angles(site: Site, sources: np.ndarray) -> np.ndarray:
    """Major axes of the sources in the pixel frame, radian."""
    pa = 0.5 * np.arctan2(sources["e2"], sources["e1"])
    return pixel_angle(site.brick, sources["x"], sources["y"], pa)


def band_pixels(
    site: Site,
    band: str,
    maps: ConditionMaps,
    is_saturated: np.ndarray,
    sources: np.ndarray,
    phi: np.ndarray,
    lenses: np.ndarray,
) -> BandPixels:
    """One band: model, noise and masks, before the troubles that are single pixels."""
    box = window(site)
    model, stamps = np.zeros((box.ny, box.nx)), []
    for source, angle in zip(sources, phi, strict=True):
        stamp = source_stamp(source, angle, box, maps)
        add_stamp(model, stamp, float(source[f"flux_{band}"]))
        stamps.append(stamp)
    for lens in lenses:
        add_stamp(
            model, arcs(lens, sources[lens["source"]], box, maps), float(lens[f"flux_{band}"])
        )
    draw = generator(site.brick.name, f"noise {band}")
    sky = sky_invvar_with_texture(maps, draw)
    is_covered = maps.n_exposures > 0
    model = np.where(is_covered, model, 0)
    shot = np.maximum(model, 0) / (EXPOSURE_GAIN[band] * np.maximum(maps.n_exposures, 1))
    invvar = np.divide(sky, 1 + sky * shot, dtype=np.float32)
    noise = draw.standard_normal(model.shape, np.float32)
    image = model + np.divide(noise, np.sqrt(invvar), out=np.zeros_like(noise), where=is_covered)
    is_hit = cosmic_rays(model.shape, draw) & is_covered
    image[is_hit] += draw.uniform(0.05, 0.5, int(is_hit.sum()))
    is_masked = is_covered & (is_hit | is_saturated)
    invvar[is_masked] = 0
    return BandPixels(
        image.astype(np.float32), invvar, maps.psfsize.copy(), maps, model, is_masked, stamps
    )


def sky_invvar_with_texture(maps: ConditionMaps, draw: np.random.Generator) -> np.ndarray:
    """Inverse variance of the sky; one half of the window with a flat field's fine scatter."""
    texture = np.ones(maps.sky_invvar.shape, np.float32)
    half = (texture.shape[0], texture.shape[1] // 2)
    texture[:, : half[1]] += FLAT_FIELD_SCATTER * draw.standard_normal(half, np.float32)
    return maps.sky_invvar * texture


def cosmic_rays(shape: tuple[int, ...], draw: np.random.Generator) -> np.ndarray:
    """Pixels that every exposure has masked: short runs of one to four."""
    is_hit = np.zeros(shape, bool)
    n = int(COSMIC_RAYS_PER_MEGAPIXEL * shape[0] * shape[1] / 1e6)
    rows, columns = draw.integers(shape[0], size=n), draw.integers(shape[1], size=n)
    for row, column, length in zip(rows, columns, draw.integers(1, 5, n), strict=True):
        is_hit[row, column : column + length] = True
    return is_hit


def psfsize_at(maps: ConditionMaps, box: Window, x: float, y: float) -> float:
    """Seeing at a place of the brick; where no CCD is, the typical one of the band."""
    column = int(np.clip(round(x) - box.x0, 0, box.nx - 1))
    row = int(np.clip(round(y) - box.y0, 0, box.ny - 1))
    found = float(maps.psfsize[row, column])
    if found > 0:
        return found
    covered = maps.psfsize[maps.psfsize > 0]
    return float(np.median(covered)) if covered.size else 1.3


def source_stamp(source: np.ndarray, phi: float, box: Window, maps: ConditionMaps) -> Stamp:
    """A source of unit flux through the local PSF."""
    is_point = source["reff"] <= 0
    size = stamp_size(float(source["reff"]), float(source["sersic"]))
    if is_point:
        size = BRIGHT_STAR_STAMP if source["kind"] == "bright_star" else POINT_STAMP
    x0, y0 = round(float(source["x"])) - size // 2, round(float(source["y"])) - size // 2
    x, y = float(source["x"]) - x0, float(source["y"]) - y0
    psfsize = psfsize_at(maps, box, float(source["x"]), float(source["y"]))
    if is_point:
        pixels = point_stamp(psfsize, x, y, size)
        fibre = fibre_sum(point_stamp(1.0, x, y, size), x, y)
    else:
        modulus = float(np.hypot(source["e1"], source["e2"]))
        ratio = (1 - modulus) / (1 + modulus)
        bare = galaxy_stamp(float(source["reff"]), ratio, phi, float(source["sersic"]), x, y, size)
        pixels = through_psf(bare, psfsize)
        fibre = fibre_sum(through_fibre_seeing(bare), x, y)
    return Stamp(x0 - box.x0, y0 - box.y0, pixels, fibre)


def arcs(lens: np.ndarray, host: np.ndarray, box: Window, maps: ConditionMaps) -> Stamp:
    """The lensed images around a host, of unit unlensed flux, through the local PSF."""
    half = LENS_STAMP_PIXELS // 2
    x0, y0 = round(float(host["x"])) - half, round(float(host["y"])) - half
    bare = arc_stamp(lens, float(host["x"]) - x0, float(host["y"]) - y0)
    psfsize = psfsize_at(maps, box, float(host["x"]), float(host["y"]))
    return Stamp(x0 - box.x0, y0 - box.y0, through_psf(bare, psfsize), 0.0)


def fibre_weights(shape: tuple[int, ...], x: float, y: float) -> np.ndarray:
    """Share of each pixel inside a fibre of 1.5 arcsec, the rim pixels by their distance."""
    radius = 0.75 / 0.262
    distance = np.hypot(np.arange(shape[1])[None, :] - x, np.arange(shape[0])[:, None] - y)
    return np.clip(radius - distance + 0.5, 0, 1)


def fibre_sum(stamp: np.ndarray, x: float, y: float) -> float:
    """Light of a stamp inside a fibre."""
    return float((stamp * fibre_weights(stamp.shape, x, y)).sum())


def overlap(
    stamp: Stamp, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The part of a stamp that is in the window: its slices of the window and of the stamp."""
    y_low, x_low = max(stamp.y0, 0), max(stamp.x0, 0)
    y_high = min(stamp.y0 + stamp.pixels.shape[0], shape[0])
    x_high = min(stamp.x0 + stamp.pixels.shape[1], shape[1])
    y_high, x_high = max(y_high, y_low), max(x_high, x_low)
    inside = slice(y_low, y_high), slice(x_low, x_high)
    return inside, (
        slice(y_low - stamp.y0, y_high - stamp.y0),
        slice(x_low - stamp.x0, x_high - stamp.x0),
    )


def add_stamp(model: np.ndarray, stamp: Stamp, flux: float) -> None:
    """Add a stamp of some flux to the model."""
    inside, part = overlap(stamp, model.shape)
    model[inside] += flux * stamp.pixels[part]


def place_in_window(box: Window, source: np.ndarray) -> tuple[int, int]:
    """Nearest pixel of a source in the window, x and y."""
    return round(float(source["x"])) - box.x0, round(float(source["y"])) - box.y0


def first_faint_lrg(sources: np.ndarray) -> np.ndarray:
    """The LRG that the pixel troubles sit on: first of its kind that passes the parent cuts."""
    z_mag = 22.5 - 2.5 * np.log10(np.maximum(sources["flux_z"], 1e-9))
    red = sources["flux_z"] / np.maximum(sources["flux_r"], 1e-9) > 10**0.2  # r - z > 0.5
    found = np.flatnonzero((sources["kind"] == "faint_lrg") & (z_mag < 20.3) & red)
    return sources[found[0]]


def add_trouble_patches(
    site: Site, box: Window, masks: brick_masks.Masks, sources: np.ndarray
) -> None:
    """Bits of the mask troubles: every bit under a faint source each; a patch over an LRG."""
    if site.trouble is Trouble.EVERY_MASK_BIT:
        faint = sources[sources["kind"] == "faint"][3 : 3 + len(brick_masks.MASK_BITS)]
        brick_masks.add_patches(masks, [place_in_window(box, source) for source in faint])
    if site.trouble is Trouble.BAD_PIXELS:
        patch = brick_masks.patch_slices(*place_in_window(box, first_faint_lrg(sources)))
        masks.bits[patch] |= brick_masks.bit("BRIGHT")
        for band in "GRZ":
            masks.bits[patch] |= brick_masks.bit(f"SATUR_{band}")
        masks.saturated[patch] = True


def add_trouble_pixels(
    site: Site,
    box: Window,
    bands: dict[str, BandPixels],
    sources: np.ndarray,
) -> None:
    """Single-pixel troubles near an LRG: a negative invvar, or psfsize 0."""
    if site.trouble is Trouble.NEGATIVE_INVVAR:
        x, y = place_in_window(box, first_faint_lrg(sources))
        bands["r"].invvar[y + 3, x + 3] = NEGATIVE_INVVAR
    if site.trouble is Trouble.PSFSIZE_ZERO:
        x, y = place_in_window(box, first_faint_lrg(sources))
        half = PSFSIZE_ZERO_HALF
        bands["r"].psfsize[max(y - half, 0) : y + half, max(x - half, 0) : x + half] = 0


def all_masked_bits(bands: dict[str, BandPixels]) -> np.ndarray:
    """ALLMASK bits where a band is covered but has no good exposure. Returns (ny, nx) int32."""
    return np.sum(
        [
            np.where(bands[band].is_masked, brick_masks.bit(f"ALLMASK_{band.upper()}"), 0)
            for band in BANDS
        ],
        axis=0,
    ).astype(np.int32)
