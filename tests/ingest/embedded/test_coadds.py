"""Coadd files of the embedded survey: layout, compression, header cards, checksums."""

import hashlib

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from ingest.embedded.coadd_format import coadd_files
from ingest.embedded.layout import Trouble, sites
from ingest.embedded.pixels import pixel_brick
from tests.support.embedded_files import coadd, folder, header, pixels

BRICKS = ("0001m005", "0298m445", "1503p302")  # near RA 0, far south, north
PRODUCTS = [("image", "g"), ("invvar", "r"), ("psfsize", "z"), ("maskbits", "")]
CODECS = {
    "image": ("RICE_1", "SUBTRACTIVE_DITHER_2"),
    "invvar": ("RICE_1", "NO_DITHER"),
    "psfsize": ("GZIP_1", "NONE"),
    "maskbits": ("HCOMPRESS_1", None),
}
UNITS = {"image": "nanomaggy", "invvar": "1/nanomaggy^2", "psfsize": "arcsec"}


def raw_header(root, brick, product, band):
    with fits.open(coadd(root, brick, product, band), disable_image_compression=True) as hdus:
        return hdus[1].header


def brick_named(name):
    return next(site.brick for site in sites() if site.brick.name == name)


@pytest.mark.parametrize(("product", "band"), PRODUCTS)
def test_compression_is_the_surveys(embedded_survey, product, band):
    cards = raw_header(embedded_survey, BRICKS[0], product, band)
    codec, quantiser = CODECS[product]
    assert cards["ZCMPTYPE"] == codec
    assert cards.get("ZQUANTIZ") == quantiser
    assert (cards["ZTILE1"], cards["ZTILE2"], cards["NAXIS2"]) == (100, 100, 1296)
    assert (cards["ZNAXIS1"], cards["ZNAXIS2"]) == (3600, 3600)
    assert cards["TFORM1"].startswith("1PB")


def test_image_is_quantised_in_steps_of_a_ten_thousandth(embedded_survey):
    with fits.open(
        coadd(embedded_survey, BRICKS[0], "image", "r"), disable_image_compression=True
    ) as hdus:
        assert set(hdus[1].data["ZSCALE"]) == {float(np.float32(1e-4))}  # as in the real DR6 brick


def test_invvar_has_rice_coded_and_gzipped_tiles(embedded_survey):
    with fits.open(
        coadd(embedded_survey, BRICKS[0], "invvar", "r"), disable_image_compression=True
    ) as hdus:
        table = hdus[1].data
        is_rice = np.array([len(tile) > 0 for tile in table["COMPRESSED_DATA"]])
        is_gzip = np.array([len(tile) > 0 for tile in table["GZIP_COMPRESSED_DATA"]])
    assert (is_rice ^ is_gzip).all()
    assert is_rice.sum() > 20
    assert is_gzip.sum() > 200


@pytest.mark.parametrize("brick", BRICKS)
@pytest.mark.parametrize(("product", "band"), PRODUCTS)
def test_astropy_and_fitsio_read_the_same_pixels(embedded_survey, brick, product, band):
    with fits.open(coadd(embedded_survey, brick, product, band)) as hdus:
        assert hdus[0].data is None
        by_astropy = hdus[1].data
    assert np.array_equal(by_astropy, pixels(embedded_survey, brick, product, band))
    assert by_astropy.shape == (3600, 3600)


def test_compression_loses_at_most_half_a_step(embedded_survey):
    site = next(site for site in sites() if site.trouble is Trouble.NO_BAND)
    made = pixel_brick(site)
    image = pixels(embedded_survey, site.brick.name, "image", "r")[made.box.slices]
    psfsize = pixels(embedded_survey, site.brick.name, "psfsize", "r")[made.box.slices]
    assert np.abs(image - made.bands["r"].image).max() < 5.1e-5
    assert np.array_equal(image == 0, made.bands["r"].image == 0)
    assert np.array_equal(psfsize, made.bands["r"].psfsize)
    assert np.array_equal(pixels(embedded_survey, site.brick.name, "maskbits"), made.maskbits)


def test_a_brick_made_again_gives_the_same_bytes(embedded_survey):
    site = next(site for site in sites() if site.trouble is Trouble.NO_BAND)
    for name, data in coadd_files(pixel_brick(site)).items():
        assert (folder(embedded_survey, site.brick.name) / name).read_bytes() == data


@pytest.mark.parametrize("brick", BRICKS)
def test_world_coordinates_are_the_bricks(embedded_survey, brick):
    cards, place = header(embedded_survey, brick, "image", "r"), brick_named(brick)
    wcs = WCS(cards)
    assert cards["CTYPE1"] == "RA---TAN"
    assert (cards["CRPIX1"], cards["CRPIX2"]) == (1800.5, 1800.5)
    assert "CUNIT1" not in cards
    assert "RADESYS" not in cards
    ra, dec = wcs.all_pix2world(1799.5, 1799.5, 0)
    assert (float(ra), float(dec)) == pytest.approx((place.ra, place.dec), abs=1e-10)
    east, north = wcs.all_pix2world([1798.5, 1799.5], [1799.5, 1800.5], 0)
    step = 0.262 / 3600
    assert (east[0] - place.ra) * np.cos(np.radians(place.dec)) == pytest.approx(step, rel=1e-6)
    assert north[1] - place.dec == pytest.approx(step, rel=1e-6)


@pytest.mark.parametrize(("product", "band"), PRODUCTS)
def test_header_cards_say_what_a_file_is(embedded_survey, product, band):
    brick = brick_named(BRICKS[1])
    cards = header(embedded_survey, brick.name, product, band)
    assert (cards["BRICK"], cards["BRICKID"], cards["LSDR"]) == (brick.name, brick.brickid, "DR10")
    assert cards["DRVERSIO"] in (10000, 10002)
    assert cards["IMTYPE"] == product
    assert cards.get("BUNIT") == UNITS.get(product)
    assert cards.get("FILTERX", "") == band
    assert cards["RAMIN"] == pytest.approx(brick.ra1)
    assert cards["DECMAX"] == pytest.approx(brick.dec2)
    assert "DATE" not in cards


def test_maskbits_has_three_images(embedded_survey):
    with fitsio.FITS(str(coadd(embedded_survey, BRICKS[0], "maskbits"))) as file:
        assert [file[index].get_extname() for index in (1, 2, 3)] == [
            "MASKBITS",
            "WISEM1",
            "WISEM2",
        ]
        types = [file[index].read().dtype for index in (1, 2, 3)]
    assert types == [np.dtype("i4"), np.dtype("u1"), np.dtype("u1")]


@pytest.mark.parametrize("brick", BRICKS)
def test_nprimary_marks_what_other_bricks_own(embedded_survey, brick):
    place = brick_named(brick)
    wcs = WCS(header(embedded_survey, brick, "maskbits"))
    index = np.random.default_rng(1).integers(0, 3600, (2, 4000))
    ra, dec = wcs.all_pix2world(index[0], index[1], 0)
    d_ra, half = (ra - place.ra + 180) % 360 - 180, (place.ra2 - place.ra1) / 2
    is_primary = (d_ra >= -half) & (d_ra < half) & (dec >= place.dec1) & (dec < place.dec2)
    bits = pixels(embedded_survey, brick, "maskbits")[index[1], index[0]]
    assert 0.5 < is_primary.mean() < 0.99
    assert np.array_equal((bits & 1) == 0, is_primary)


def test_checksum_lists_hold_every_file_of_a_brick(embedded_survey):
    n_wrong = []
    for path in (embedded_survey / "south/coadd").glob("*/*"):
        listing = path / f"legacysurvey_dr10_south_coadd_{path.name[:3]}_{path.name}.sha256sum"
        lines = [line.split() for line in listing.read_text().splitlines()]
        listed = {name.lstrip("*"): digest for digest, name in lines}
        assert set(listed) == {file.name for file in path.glob("*.fits.fz")}
        n_wrong += [
            name
            for name, digest in listed.items()
            if hashlib.sha256((path / name).read_bytes()).hexdigest() != digest
        ]
    assert len(n_wrong) == 1  # the truncated file


def test_the_survey_stays_small(embedded_survey):
    size = sum(path.stat().st_size for path in embedded_survey.rglob("*") if path.is_file())
    assert size < 400e6
