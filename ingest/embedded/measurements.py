"""Catalogue rows, as the survey's pipeline would measure the sources.

The flux of a source is exactly the one in the pixels: the catalogue gives its error, but no error
is added. A lens's row is its host's alone, without the arcs.
"""

from dataclasses import dataclass

import numpy as np

from ingest.embedded.astrometry import sky_position
from ingest.embedded.draws import generator, uniform
from ingest.embedded.exposures import (
    BANDS,
    DQ_COSMIC_RAY,
    DQ_SATURATED,
    FWHM_PER_SIGMA,
    point_source_area,
)
from ingest.embedded.layout import Quality, Site
from ingest.embedded.masks import bit
from ingest.embedded.pixels import BandPixels, PixelBrick
from ingest.embedded.stamps import fibre_weights, nearest_pixel, overlap
from ingest.embedded.sweep_format import EXTINCTION, OPTICAL, SWEEP

GALDEPTH_SIGMA_ARCSEC = 0.45 / 1.1774  # of a Gaussian with the half-light radius of GALDEPTH
REPROCESSED_FRACTION = 0.1  # of bricks, in DR10.1
RELEASES = (10000, 10002)
W1_IVAR, W2_IVAR = 6.0, 1.5  # 1 / nanomaggy^2
# DCHISQ of PSF, REX, DEV, EXP, SER over the best one, by the type that was chosen.
DCHISQ_SHARES = {
    "PSF": (1.0, 0.999, 0.0, 0.0, 0.0),
    "REX": (0.93, 1.0, 0.0, 0.0, 0.0),
    "EXP": (0.88, 0.97, 0.96, 1.0, 0.999),
    "DEV": (0.85, 0.95, 1.0, 0.97, 0.999),
    "SER": (0.86, 0.955, 0.985, 0.98, 1.0),
    "DUP": (0.0, 0.0, 0.0, 0.0, 0.0),
}
TINY = 1e-9
FITBIT_GAIA = (1 << 7) | (1 << 12)  # GAIA, GAIA_POINTSOURCE
FITBIT_SERSIC_LIMIT = 1 << 3


@dataclass
class BandConditions:
    """Measurements of each source in one band; arrays of one length."""

    nobs: np.ndarray
    sky_invvar: np.ndarray  # 1 / nanomaggy^2 per pixel
    psfsize: np.ndarray  # arcsec
    flux_ivar: np.ndarray
    fracflux: np.ndarray
    fracmasked: np.ndarray
    fracin: np.ndarray
    mask: np.ndarray  # bits of ANYMASK and ALLMASK
    fiberflux: np.ndarray
    fibertotflux: np.ndarray


def measured_rows(brick: PixelBrick) -> np.ndarray:
    """Return a pixel brick's rows in the order of its sources, (n,) SWEEP.

    Parameters
    ----------
    brick : Brick

    Returns
    -------
    (n,) SWEEP
    """
    sources = brick.scene.sources
    ra, dec = sky_position(brick.site.brick, sources["x"], sources["y"])
    rows = catalogue_rows(brick.site, sources, ra, dec)
    for band in BANDS:
        fill_band(rows, band.upper(), sources, band_conditions(brick, brick.bands[band], band))
    fill_masks(rows, brick)
    fill_errors(rows)
    return rows


def release(site: Site) -> int:
    """Return 10000 for most bricks, 10002 for those that DR10.1 did again."""
    return RELEASES[uniform(site.brick.name, "release") < REPROCESSED_FRACTION]


def ebv(site: Site, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Return the reddening E(B-V), magnitudes: high in a dusty brick.

    Parameters
    ----------
    site : Site
    ra : (n,) float, degree
    dec : (n,) float, degree

    Returns
    -------
    (n,) float, AB magnitude
    """
    dusty = site.quality is Quality.DUSTY
    key = site.brick.name if dusty else f"{site.island.ra} {site.island.dec}"
    base = uniform(key, "ebv", *((0.14, 0.28) if dusty else (0.015, 0.1)))
    return base * (1 + 0.08 * np.sin(np.radians(np.asarray(ra) * 90) + np.asarray(dec) * 3))


def catalogue_rows(site: Site, sources: np.ndarray, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Return rows with identity, shapes and WISE; optical bands empty.

    Parameters
    ----------
    site : Site
    sources : (n,) SOURCE
    ra : (n,) float, degree
    dec : (n,) float, degree

    Returns
    -------
    (n,) SWEEP
    """
    rows = np.zeros(len(sources), SWEEP)
    rows["RELEASE"] = release(site)
    rows["BRICKID"], rows["BRICKNAME"] = site.brick.brickid, site.brick.name.encode()
    rows["OBJID"] = 1 + 3 * np.arange(len(sources))
    rows["TYPE"] = sources["type"].astype("S3")
    rows["RA"], rows["DEC"], rows["EBV"] = ra, dec, ebv(site, ra, dec)
    for band, coefficient in EXTINCTION.items():
        rows[f"MW_TRANSMISSION_{band}"] = 10 ** (-0.4 * coefficient * rows["EBV"].astype(float))
    rows["SHAPE_R"], rows["SERSIC"] = sources["reff"], sources["sersic"]
    rows["SHAPE_E1"], rows["SHAPE_E2"] = sources["e1"], sources["e2"]
    rows["FITBITS"][sources["sersic"] >= 6] |= FITBIT_SERSIC_LIMIT
    fill_wise(rows, sources, generator(site.brick.name, "wise"))
    fill_gaia(rows, sources)
    return rows


def fill_wise(rows: np.ndarray, sources: np.ndarray, draw: np.random.Generator) -> None:
    """Fill the WISE columns; W3 and W4 are noise about zero.

    Parameters
    ----------
    rows : (n,) SWEEP
    sources : (n,) SOURCE
    draw : numpy.random.Generator
    """
    n = len(rows)
    rows["FLUX_W1"], rows["FLUX_W2"] = sources["flux_w1"], sources["flux_w2"]
    rows["FLUX_W3"], rows["FLUX_W4"] = draw.normal(0, 10, n), draw.normal(0, 60, n)
    errors = {"W1": W1_IVAR, "W2": W2_IVAR, "W3": 1 / 10**2, "W4": 1 / 60**2}
    for band, ivar in errors.items():
        rows[f"FLUX_IVAR_{band}"] = ivar * draw.uniform(0.9, 1.1, n)
        rows[f"NOBS_{band}"] = draw.integers(*((110, 180) if band in ("W1", "W2") else (12, 20)), n)
        rows[f"RCHISQ_{band}"] = draw.uniform(0.8, 1.2, n)
        rows[f"FRACFLUX_{band}"] = draw.exponential(0.1, n)
    rows["PSFDEPTH_W1"], rows["PSFDEPTH_W2"] = W1_IVAR, W2_IVAR
    if n:
        tile_ra, tile_dec = round(float(rows["RA"][0])) % 360, round(abs(float(rows["DEC"][0])))
        sign = "m" if rows["DEC"][0] < 0 else "p"
        rows["WISE_COADD_ID"] = f"{tile_ra * 10:04d}{sign}{tile_dec * 10:03d}".encode()


def fill_gaia(rows: np.ndarray, sources: np.ndarray) -> None:
    """Fill the Gaia columns of stars brighter than r = 20 and of DUP rows.

    Parameters
    ----------
    rows : (n,) SWEEP
    sources : (n,) SOURCE
    """
    is_star = (sources["type"] == "PSF") & (sources["flux_r"] > 10)
    is_gaia = is_star | (sources["type"] == "DUP")
    index = np.flatnonzero(is_gaia)
    rows["REF_CAT"][index] = b"GE"
    rows["REF_ID"][index] = (
        2_500_000_000_000_000_000 + rows["BRICKID"][index].astype(np.int64) * 10_000 + index
    )
    rows["REF_EPOCH"][index] = 2016.0
    g_mag = 22.5 - 2.5 * np.log10(np.maximum(sources["flux_r"][index], 5.0))
    for name, offset in (("G", 0.0), ("BP", 0.4), ("RP", -0.6)):
        rows[f"GAIA_PHOT_{name}_MEAN_MAG"][index] = g_mag + offset
        rows[f"GAIA_PHOT_{name}_MEAN_FLUX_OVER_ERROR"][index] = 10 ** (0.2 * (24 - g_mag))
    rows["GAIA_ASTROMETRIC_PARAMS_SOLVED"][index] = 31
    rows["PARALLAX"][index], rows["PARALLAX_IVAR"][index] = 0.4, 25.0
    rows["PMRA"][index], rows["PMDEC"][index] = 3.0, -2.0
    rows["PMRA_IVAR"][index] = rows["PMDEC_IVAR"][index] = 25.0
    rows["FITBITS"][np.flatnonzero(is_star)] |= FITBIT_GAIA


def band_conditions(brick: PixelBrick, pixels: BandPixels, band: str) -> BandConditions:
    """Measure every source of a brick in one band."""
    flux = brick.scene.sources[f"flux_{band}"]
    columns = np.array(
        [
            source_conditions(brick, pixels, index, float(flux[index]))
            for index in range(len(brick.scene.sources))
        ]
    ).reshape(-1, 10)
    return BandConditions(*columns.T)


def source_conditions(
    brick: PixelBrick, pixels: BandPixels, index: int, flux: float
) -> tuple[float, ...]:
    """Return one source in one band, in the order of `BandConditions`."""
    stamp, bare = pixels.stamps[index], brick.scene.bare[index]
    inside, part = overlap(stamp, pixels.model.shape)
    profile = stamp.pixels[part]
    is_covered = pixels.maps.n_exposures[inside] > 0
    others = pixels.model[inside] - flux * profile * is_covered
    fibre = fibre_weights(stamp.pixels.shape, bare.x, bare.y)[part]
    column, row = nearest_pixel(brick.box, bare.x0 + bare.x, bare.y0 + bare.y)
    is_seen = bool(pixels.maps.n_exposures[row, column])
    weight = np.maximum(pixels.invvar[inside], 0)
    total = max(float(stamp.pixels.sum()), TINY)
    return (
        float(pixels.maps.n_exposures[row, column]),
        float(pixels.maps.sky_invvar[row, column]),
        float(pixels.maps.psfsize[row, column]),
        is_seen * float((profile**2 * weight).sum()),
        float((others * profile).sum() / flux) if flux > 0 else 0.0,
        float(profile[pixels.is_masked[inside]].sum() / total),
        float(profile[is_covered].sum() / total),
        float(quality_bits(brick, pixels, row, column)),
        bare.fibre_fraction * flux,
        bare.fibre_fraction * flux + float((fibre * others).sum()),
    )


def quality_bits(brick: PixelBrick, pixels: BandPixels, row: int, column: int) -> int:
    """Return quality bits that all exposures share at a pixel."""
    if not pixels.is_masked[row, column]:
        return 0
    bits = brick.maskbits[row + brick.box.y0, column + brick.box.x0]
    return DQ_SATURATED if bits & bit("SATUR_R") else DQ_COSMIC_RAY


def fill_band(rows: np.ndarray, band: str, sources: np.ndarray, seen: BandConditions) -> None:
    """Fill the columns of one band; flux 0 without weight if not exposed.

    Parameters
    ----------
    rows : (n,) SWEEP
    band : str
    sources : (n,) SOURCE
    seen : BandConditions
    """
    is_seen = (seen.nobs > 0) & (sources["type"] != "DUP")
    rows[f"FLUX_{band}"] = np.where(is_seen, sources[f"flux_{band.lower()}"], 0)
    rows[f"FLUX_IVAR_{band}"] = np.where(is_seen, seen.flux_ivar, 0)
    rows[f"NOBS_{band}"] = seen.nobs
    rows[f"RCHISQ_{band}"] = np.where(
        is_seen, 1.0 + 0.02 * np.sqrt(np.maximum(seen.fracflux, 0)), 0
    )
    rows[f"FRACFLUX_{band}"] = np.where(is_seen, np.maximum(seen.fracflux, 0), 0)
    rows[f"FRACMASKED_{band}"] = np.where(is_seen, seen.fracmasked, 0)
    rows[f"FRACIN_{band}"] = np.where(is_seen, np.minimum(seen.fracin, 1), 0)
    rows[f"ANYMASK_{band}"] = rows[f"ALLMASK_{band}"] = seen.mask
    rows[f"PSFSIZE_{band}"] = seen.psfsize
    rows[f"PSFDEPTH_{band}"] = point_depth(seen.sky_invvar, seen.psfsize)
    rows[f"GALDEPTH_{band}"] = galaxy_depth(seen.sky_invvar, seen.psfsize)
    rows[f"FIBERFLUX_{band}"] = np.where(is_seen, seen.fiberflux, 0)
    rows[f"FIBERTOTFLUX_{band}"] = np.where(is_seen, seen.fibertotflux, 0)


def point_depth(sky_invvar: np.ndarray, psfsize: np.ndarray) -> np.ndarray:
    """Return the inverse variance of a point source's flux; 0 if unseen.

    Parameters
    ----------
    sky_invvar : (n,) float, 1 / nanomaggy^2 per pixel
    psfsize : (n,) float, arcsec

    Returns
    -------
    (n,) float, 1 / nanomaggy^2
    """
    area = point_source_area(np.where(psfsize > 0, psfsize, 1))
    return np.where(psfsize > 0, sky_invvar / area, 0)


def galaxy_depth(sky_invvar: np.ndarray, psfsize: np.ndarray) -> np.ndarray:
    """Return the same for a round exponential galaxy, radius 0.45 arcsec.

    Parameters
    ----------
    sky_invvar : (n,) float, 1 / nanomaggy^2 per pixel
    psfsize : (n,) float, arcsec

    Returns
    -------
    (n,) float, 1 / nanomaggy^2
    """
    return point_depth(
        sky_invvar, np.where(psfsize > 0, blurred(psfsize, GALDEPTH_SIGMA_ARCSEC), 0)
    )


def blurred(psfsize: np.ndarray, sigma_arcsec: float | np.ndarray) -> np.ndarray:
    """Return the FWHM of a Gaussian PSF convolved with a Gaussian galaxy.

    Parameters
    ----------
    psfsize : (n,) float, arcsec
    sigma_arcsec : float or (n,) float, arcsec
        Of the galaxy.

    Returns
    -------
    (n,) float, arcsec
    """
    return np.hypot(psfsize, FWHM_PER_SIGMA * np.asarray(sigma_arcsec))


def fill_masks(rows: np.ndarray, brick: PixelBrick) -> None:
    """Fill MASKBITS and WISE masks from the source's nearest pixel.

    Parameters
    ----------
    rows : (n,) SWEEP
    brick : PixelBrick
    """
    x, y = (
        np.rint(brick.scene.sources["x"]).astype(int),
        np.rint(brick.scene.sources["y"]).astype(int),
    )
    rows["MASKBITS"] = brick.maskbits[y, x]
    rows["WISEMASK_W1"], rows["WISEMASK_W2"] = brick.wise[0][y, x], brick.wise[1][y, x]


def fill_errors(rows: np.ndarray) -> None:
    """Fill in the errors that follow from the total signal-to-noise.

    Parameters
    ----------
    rows : (n,) SWEEP
    """
    chi2 = np.zeros(len(rows))
    for band in OPTICAL:
        chi2 += rows[f"FLUX_{band}"].astype(float) ** 2 * rows[f"FLUX_IVAR_{band}"]
    shares = np.array([DCHISQ_SHARES[name.decode()] for name in rows["TYPE"]]).reshape(-1, 5)
    rows["DCHISQ"] = chi2[:, None] * shares
    width_deg = np.maximum(rows["PSFSIZE_R"], 1.0) / FWHM_PER_SIGMA / 3600
    rows["RA_IVAR"] = rows["DEC_IVAR"] = chi2 / width_deg**2
    is_galaxy = rows["SHAPE_R"] > 0
    rows["SHAPE_R_IVAR"][is_galaxy] = (chi2 / np.maximum(rows["SHAPE_R"], 1e-3) ** 2)[is_galaxy]
    is_flat = is_galaxy & (rows["TYPE"] != b"REX")
    for name in ("SHAPE_E1_IVAR", "SHAPE_E2_IVAR"):
        rows[name][is_flat] = chi2[is_flat]
    rows["SERSIC_IVAR"][rows["TYPE"] == b"SER"] = chi2[rows["TYPE"] == b"SER"] / 10
