"""Coadd files of DR10: names, header cards and tile compression."""

from typing import Any

import fitsio
import numpy as np

from ingest.embedded.astrometry import CD_DEG, REFERENCE_PIXEL
from ingest.embedded.brick_grid import Brick
from ingest.embedded.draws import digest
from ingest.embedded.exposures import BANDS
from ingest.embedded.layout import Site
from ingest.embedded.masks import MASK_BITS, whole_brick
from ingest.embedded.measurements import release
from ingest.embedded.pixels import PixelBrick
from store.survey_files import EMBEDDED_PIPELINE, coadd_name

COMPRESSION = {  # as the survey calls fpack
    "image": "R 100,100; qz -1e-4",
    "invvar": "R 100,100; q0 16",
    "psfsize": "G 100,100; qz 0",
    "maskbits": "H 100,100",
}
UNITS = {"image": "nanomaggy", "invvar": "1/nanomaggy^2", "psfsize": "arcsec"}
N_DITHER_SEEDS = 10_000  # of CFITSIO

Card = dict[str, Any]


def coadd_files(brick: PixelBrick) -> dict[str, bytes]:
    """Return every coadd file of a healthy pixel brick, sorted by name."""
    files = {coadd_name(brick.site.brick.name, "maskbits"): maskbits_file(brick)}
    for band in BANDS:
        for product in UNITS:
            part = getattr(brick.bands[band], product)
            cards = image_cards(brick.site, product, band)
            name = coadd_name(brick.site.brick.name, product, band)
            seed = 1 + int.from_bytes(digest(name, "dither")[:4], "big") % N_DITHER_SEEDS
            files[name] = compressed(
                COMPRESSION[product], [(whole_brick(part, brick.box), None, cards)], seed
            )
    return dict(sorted(files.items()))


def maskbits_file(brick: PixelBrick) -> bytes:
    """Return the maskbits file: MASKBITS, WISEM1, WISEM2."""
    cards = image_cards(brick.site, "maskbits", "")
    bits = [card(f"MBIT_{value}", name, "maskbits bit") for name, value in MASK_BITS.items()]
    planes: list[tuple[np.ndarray, str | None, list[Card]]] = [
        (brick.maskbits, "MASKBITS", cards + bits),
        (brick.wise[0], "WISEM1", cards),
        (brick.wise[1], "WISEM2", cards),
    ]
    return compressed(COMPRESSION["maskbits"], planes, 1)


def compressed(
    scheme: str, planes: list[tuple[np.ndarray, str | None, list[Card]]], dither_seed: int
) -> bytes:
    """Return a tile-compressed FITS file with one HDU per plane.

    Parameters
    ----------
    scheme : str
        How CFITSIO compresses, as in `COMPRESSION`.
    planes : list of ((y, x) array, str or None, list of Card)
        Pixels, name and header of each HDU after the empty first one.
    dither_seed : int
    """
    with fitsio.FITS(f"mem://[compress {scheme}]", "rw") as file:
        for pixels, name, cards in planes:
            file.write(pixels, extname=name, header=cards, dither_seed=dither_seed)
        return bytes(file.read_raw())


def card(name: str, value: Any, comment: str) -> Card:
    """Return a header card as fitsio takes it."""
    return {"name": name, "value": value, "comment": comment}


def image_cards(site: Site, product: str, band: str) -> list[Card]:
    """Return the header cards of one image of a brick."""
    cards = [*survey_cards(site), *brick_cards(site.brick)]
    if band:
        cards += band_cards(band)
    cards += [*wcs_cards(site.brick), card("IMTYPE", product, "LegacySurvey image type")]
    if product in ("image", "invvar"):
        cards.append(card("MAGZERO", 22.5, "Magnitude zeropoint"))
    if product in UNITS:
        cards.append(card("BUNIT", UNITS[product], "unit of the pixels"))
    return cards


def survey_cards(site: Site) -> list[Card]:
    """Return cards that name the survey, release and software."""
    return [
        card("LEGPIPEV", EMBEDDED_PIPELINE, "synthetic pixels: not survey data"),
        card("LSDR", "DR10", "Data release number"),
        card("SURVEY", "LegacySurvey", "The LegacySurveys"),
        card("SURVEYID", "DECam LegacySurvey", "Survey name"),
        card("DRVERSIO", release(site), "LegacySurvey Data Release number"),
        card("OBSTYPE", "object", "Observation type"),
        card("PROCTYPE", "tile", "Processing type"),
    ]


def brick_cards(brick: Brick) -> list[Card]:
    """Return cards of a brick's name, its limits and its bands."""
    return [
        card("BRICK", brick.name, "LegacySurveys brick RRRr[pm]DDd"),
        card("BRICKID", brick.brickid, "LegacySurveys brick id"),
        card("RAMIN", brick.ra1, "[deg] Brick RA min"),
        card("RAMAX", brick.ra2, "[deg] Brick RA max"),
        card("DECMIN", brick.dec1, "[deg] Brick Dec min"),
        card("DECMAX", brick.dec2, "[deg] Brick Dec max"),
        card("BRICKRA", brick.ra, "[deg] Brick center"),
        card("BRICKDEC", brick.dec, "[deg] Brick center"),
        card("BANDS", "".join(BANDS), "Bands touching this brick"),
        card("NBANDS", len(BANDS), "Number of bands in this catalog"),
    ]


def band_cards(band: str) -> list[Card]:
    """Return cards of telescope and filter, and of the subtracted sky."""
    return [
        card("TELESCOP", "CTIO 4.0-m telescope", ""),
        card("INSTRUME", "decam", ""),
        card("FILTER", band, ""),
        card("FILTERX", band, ""),
        card(f"COSKY_{band.upper()}", 0.0, "Sky level estimated (and subtracted)"),
    ]


def wcs_cards(brick: Brick) -> list[Card]:
    """Return the TAN world coordinates of every image of a brick."""
    return [
        card("CTYPE1", "RA---TAN", "TANgent plane"),
        card("CTYPE2", "DEC--TAN", "TANgent plane"),
        card("CRVAL1", brick.ra, "Reference RA"),
        card("CRVAL2", brick.dec, "Reference Dec"),
        card("CRPIX1", REFERENCE_PIXEL, "Reference x"),
        card("CRPIX2", REFERENCE_PIXEL, "Reference y"),
        card("CD1_1", -CD_DEG, "CD matrix"),
        card("CD1_2", 0.0, "CD matrix"),
        card("CD2_1", 0.0, "CD matrix"),
        card("CD2_2", CD_DEG, "CD matrix"),
        card("EQUINOX", 2000.0, "Observation epoch"),
    ]
