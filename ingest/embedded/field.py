"""Catalogue rows of bricks without pixels: few, faint, and never a host.

A usable brick has stars, and galaxies fainter than z = 21.6, below every LRG cut and every
magnitude limit of the training sample. A brick that fails a cut has LRGs too: no region takes them,
and neither does a training sample, as they are seen fewer than three times in z.
"""

import numpy as np

from ingest.embedded.draws import generator
from ingest.embedded.exposures import BANDS, brick_exposure_means, point_source_area
from ingest.embedded.layout import Quality, Site
from ingest.embedded.measurements import (
    BandConditions,
    blurred,
    catalogue_rows,
    fill_band,
    fill_errors,
)
from ingest.embedded.populations import (
    EARLY,
    FAINT_COLOURS,
    LRG_G_R,
    LRG_R_Z,
    LRG_Z_W1,
    MIXED,
    POINT,
    SOURCE,
    STAR_COLOURS,
    Population,
    draw_population,
)

FAINT = Population("faint", 40, (21.65, 23.2), *FAINT_COLOURS, MIXED, 0.5)
STARS = Population("star", 12, (16.8, 21.5), *STAR_COLOURS, POINT)
UNUSABLE_LRGS = Population("faint_lrg", 12, (18.5, 20.38), LRG_G_R, LRG_R_Z, LRG_Z_W1, EARLY, 0.9)
FIBRE_FRACTION = 0.5  # of the flux, of a faint galaxy
I_BAND_FRACTION = 0.4  # of bricks
HALF_LIGHT_PER_SIGMA = 1.1774  # of a Gaussian


def field_rows(site: Site) -> np.ndarray:
    """Return the rows of a brick without pixels, (n,) SWEEP.

    Parameters
    ----------
    site : Site

    Returns
    -------
    (n,) SWEEP
    """
    key = site.brick.name
    kinds = [FAINT, STARS] if site.quality is Quality.GOOD else [FAINT, STARS, UNUSABLE_LRGS]
    sources = np.concatenate([draw_population(kind, generator(key, kind.kind)) for kind in kinds])
    ra, dec = field_positions(site, len(sources))
    rows = catalogue_rows(site, sources, ra, dec)
    for band in BANDS:
        fill_band(rows, band.upper(), sources, field_conditions(site, sources, band))
    if generator(key, "i band").random() < I_BAND_FRACTION:
        fill_i_band(rows, sources, site)
    add_forced_fluxes(rows, generator(key, "forced"))
    fill_errors(rows)
    return rows


def field_positions(site: Site, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return uniform places in the brick's own box, degrees.

    Parameters
    ----------
    site : Site
    n : int
        Number of places.

    Returns
    -------
    ra, dec : (n,) float, degree
    """
    draw, brick = generator(site.brick.name, "places"), site.brick
    sines = np.sin(np.radians([brick.dec1, brick.dec2]))
    ra = brick.ra1 + (brick.ra2 - brick.ra1) * draw.random(n)
    return ra, np.degrees(np.arcsin(draw.uniform(sines[0], sines[1], n)))


def field_conditions(site: Site, sources: np.ndarray, band: str) -> BandConditions:
    """Return conditions of a fully exposed brick, galaxies as Gaussians.

    Parameters
    ----------
    site : Site
    sources : (n,) SOURCE
    band : str
    """
    n_exposures, sky_invvar, psfsize = brick_exposure_means(site, band)
    each = np.ones(len(sources))
    width = blurred(psfsize * each, sources["reff"] / HALF_LIGHT_PER_SIGMA)
    flux = sources[f"flux_{band}"]
    return BandConditions(
        nobs=n_exposures * each,
        sky_invvar=sky_invvar * each,
        psfsize=psfsize * each,
        flux_ivar=sky_invvar / point_source_area(width),
        fracflux=0 * each,
        fracmasked=0 * each,
        fracin=each,
        mask=0 * each,
        fiberflux=FIBRE_FRACTION * flux,
        fibertotflux=FIBRE_FRACTION * flux,
    )


def fill_i_band(rows: np.ndarray, sources: np.ndarray, site: Site) -> None:
    """Fill the i band of a brick that has one: conditions of r, flux near z.

    Parameters
    ----------
    rows : (n,) SWEEP
    sources : (n,) SOURCE
    site : Site
    """
    seen = field_conditions(site, sources, "r")
    with_i = np.empty(len(sources), [*SOURCE.descr, ("flux_i", "f8")])
    for name in SOURCE.names or ():
        with_i[name] = sources[name]
    with_i["flux_i"] = np.sqrt(sources["flux_r"] * sources["flux_z"])
    fill_band(rows, "I", with_i, seen)


def add_forced_fluxes(rows: np.ndarray, draw: np.random.Generator) -> None:
    """Give the first faint galaxies zero, negative and absent fluxes.

    Parameters
    ----------
    rows : (n,) SWEEP
    draw : numpy.random.Generator
    """
    rows["FLUX_G"][0] = -abs(draw.normal(0, 0.05))
    rows["FLUX_Z"][1] = 0
    rows["FLUX_IVAR_Z"][1] = 0
    rows["FLUX_W1"][2] = np.nan
    rows["RCHISQ_W1"][2] = np.nan
    rows["FLUX_W1"][3] = -0.3
