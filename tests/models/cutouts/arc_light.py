"""The light of the embedded survey's arcs alone, from the truth that only its maker knows."""

import numpy as np

from ingest.embedded import masks
from ingest.embedded.astrometry import pixel_angle, primary_pixels
from ingest.embedded.exposures import Window, condition_maps, window
from ingest.embedded.layout import Site
from ingest.embedded.lenses import draw_lenses
from ingest.embedded.pixels import allowed_places, bright_star
from ingest.embedded.populations import draw_sources
from ingest.embedded.stamps import add_stamp, bare_arcs, seen_stamp

BANDS = "grz"
BRICK_PIX = 3600


def arc_light(site: Site) -> np.ndarray:
    """Arcs of a pixel brick through its PSF, (3, 3600, 3600) float32, nanomaggy."""
    box = window(site)
    maps = {band: condition_maps(site, band) for band in BANDS}
    is_primary = primary_pixels(site.brick)[box.slices]
    allowed = allowed_places(site, maps, masks.star_masks(box, site.brick.name), is_primary)
    sources = np.concatenate(
        [draw_sources(site, allowed, (box.x0, box.y0)), bright_star(site, box)]
    )
    angle = 0.5 * np.arctan2(sources["e2"], sources["e1"])
    lenses = draw_lenses(
        sources, pixel_angle(site.brick, sources["x"], sources["y"], angle), site.brick.name
    )
    light = np.zeros((len(BANDS), BRICK_PIX, BRICK_PIX), np.float32)
    for plane, band in zip(light, BANDS, strict=True):
        plane[box.slices] = _seen(lenses, sources, box, maps[band], band)
    return light


def _seen(lenses, sources, box: Window, maps, band: str) -> np.ndarray:
    model = np.zeros((box.ny, box.nx))
    for lens in lenses:
        stamp = seen_stamp(bare_arcs(lens, sources[lens["source"]]), box, maps)
        add_stamp(model, stamp, float(lens[f"flux_{band}"]))
    return np.where(maps.n_exposures > 0, model, 0)
