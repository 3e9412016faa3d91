"""Tiles against full reads by two other libraries, on real files and on files that we write."""

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from pixels import tiles
from pixels.tiles import FitsError
from tests.support.coadd_products import PRODUCTS, REAL_BRICK, write_product

REAL_FILES = [f"{product}-{band}" for product in ("image", "invvar", "nexp") for band in ("g", "z")]


def assert_same_bits(ours, theirs):
    """Equal in every bit; the other library may have another byte order."""
    native = np.ascontiguousarray(theirs.astype(theirs.dtype.newbyteorder("=")))
    assert ours.dtype == native.dtype
    assert ours.tobytes() == native.tobytes()


@pytest.mark.parametrize("name", REAL_FILES)
def test_tiles_of_real_files_are_what_full_reads_give(name, real):
    path = (
        real / "desitarget/dr6/coadd" / f"095/{REAL_BRICK}/legacysurvey-{REAL_BRICK}-{name}.fits.fz"
    )
    image = tiles.open_images(path)[0]
    whole = tiles.read_section(image, slice(0, 3600), slice(0, 3600))
    assert_same_bits(whole, fits.getdata(path, 1))
    assert_same_bits(whole, fitsio.read(str(path), ext=1))


@pytest.mark.parametrize("product", PRODUCTS)
def test_tiles_of_each_product_are_what_full_reads_give(tmp_path, product):
    path = write_product(tmp_path, product, shape=(330, 250))
    with fitsio.FITS(str(path)) as file:
        hdus = [hdu for hdu in range(1, len(file))]
        images = tiles.open_images(path)
        assert len(images) == len(hdus)
        for hdu, image in zip(hdus, images, strict=True):
            whole = tiles.read_section(image, slice(0, 250), slice(0, 330))
            assert_same_bits(whole, file[hdu].read())
            assert_same_bits(whole, fits.getdata(path, hdu))


def test_squares_are_sections_of_the_whole_and_zero_beyond_the_border(tmp_path):
    path = write_product(tmp_path, "image", shape=(330, 250))
    image = tiles.open_images(path)[0]
    whole = np.pad(fitsio.read(str(path), ext=1), 200)
    corners = np.array([[-30, -20], [0, 0], [95, 190], [186, 266], [249, 329], [-64, 400]])
    squares = tiles.cut_squares(image, corners, 64)
    for square, (x, y) in zip(squares, corners + 200, strict=True):
        np.testing.assert_array_equal(square, whole[y : y + 64, x : x + 64])


def test_only_the_tiles_that_are_touched_are_read(tmp_path, monkeypatch):
    path = write_product(tmp_path, "image", shape=(400, 400))
    image = tiles.open_images(path)[0]
    asked = []
    original = tiles.read_tiles
    monkeypatch.setattr(tiles, "read_tiles", lambda *args: asked.append(args[1]) or original(*args))
    tiles.cut_squares(image, np.array([[10, 10], [20, 30], [150, 10]]), 64)
    assert [numbers.tolist() for numbers in asked] == [[0, 1, 2]]


def test_a_single_pixel_is_read_as_it_stands_in_the_image(tmp_path):
    path = write_product(tmp_path, "psfsize", shape=(330, 250))
    image = tiles.open_images(path)[0]
    whole = fitsio.read(str(path), ext=1)
    x, y = np.array([0, 249, 120, 250]), np.array([329, 0, 99, 10])
    np.testing.assert_array_equal(tiles.pixels_at(image, x, y)[:3], whole[y[:3], x[:3]])
    assert tiles.pixels_at(image, x, y)[3] == 0


def test_a_section_outside_the_image_is_refused(tmp_path):
    image = tiles.open_images(write_product(tmp_path, "image", shape=(330, 250)))[0]
    with pytest.raises(ValueError, match="section"):
        tiles.read_section(image, slice(0, 251), slice(0, 10))


def test_a_missing_file_has_its_reason(tmp_path):
    with pytest.raises(FitsError) as caught:
        tiles.open_images(tmp_path / "no.fits.fz")
    assert caught.value.reason_code == "file_missing"


@pytest.mark.parametrize("keep", [0, 1, 2879, 2880, 2880 * 3, -2880, -1])
def test_a_file_that_was_cut_short_has_its_reason(tmp_path, keep):
    path = write_product(tmp_path, "image", shape=(330, 250))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FitsError) as caught:
        tiles.open_images(path)
    assert caught.value.reason_code in ("file_truncated", "bad_header", "not_fits")


def test_a_text_file_is_not_fits(tmp_path):
    path = tmp_path / "page.fits.fz"
    path.write_bytes(b"<html>404</html>".ljust(2880))
    with pytest.raises(FitsError) as caught:
        tiles.open_images(path)
    assert caught.value.reason_code == "not_fits"


@pytest.mark.parametrize(
    ("card", "value", "reason"),
    [
        ("ZNAXIS1", "99999999", "bad_header"),
        ("ZTILE1", "-1", "bad_header"),
        ("ZTILE2", "3", "bad_header"),
        ("NAXIS2", "999999999", "file_truncated"),
        ("TFIELDS", "0", "bad_header"),
        ("ZCMPTYPE", "'PLIO_1'", "unknown_compression"),
        ("ZBITPIX", "-64", "unknown_compression"),
        ("ZIMAGE", "F", "bad_header"),
        ("TFORM1", "'1D'", "bad_header"),
        ("TTYPE1", "'DATA'", "bad_header"),
        ("NAXIS1", "'x'", "bad_header"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(tmp_path, card, value, reason):
    path = write_product(tmp_path, "image", shape=(330, 250))
    content = bytearray(path.read_bytes())
    start = content.find(card.ljust(8).encode() + b"=")
    assert start > 0
    content[start : start + 80] = f"{card:8}= {value:>20}".ljust(80).encode()
    path.write_bytes(content)
    with pytest.raises(FitsError) as caught:
        tiles.read_section(tiles.open_images(path)[0], slice(0, 100), slice(0, 100))
    assert caught.value.reason_code == reason
