"""Each trouble of the embedded survey is really there, once, and where its table says."""

import hashlib

import fitsio
import numpy as np
import pytest

from ingest.embedded.layout import Trouble, sites
from tests.support.embedded_files import (
    bricks,
    coadd,
    folder,
    is_v3,
    magnitudes,
    pixel_positions,
    pixels,
    sources,
)

N_FILES = 10  # image, invvar and psfsize in three bands, and maskbits


def troubled(trouble):
    return next(site.brick.name for site in sites() if site.trouble is trouble)


def rows_of(root, brick):
    rows = sources(root)
    return rows[rows["BRICKNAME"] == brick]


def lrgs_with_pixels(root, brick):
    """Parent LRGs of a brick and their nearest pixels (row, column)."""
    rows = rows_of(root, brick)
    rows = rows[is_v3(rows)]
    x, y = pixel_positions(root, brick, rows)
    return rows, (np.rint(y).astype(int), np.rint(x).astype(int))


def test_healthy_bricks_have_ten_files_and_a_checksum_list(embedded_survey):
    healthy = [site.brick.name for site in sites() if site.is_healthy]
    assert len(healthy) >= 6
    for brick in healthy:
        assert len(list(folder(embedded_survey, brick).iterdir())) == N_FILES + 1


def test_the_missing_brick_has_lrgs_but_no_folder(embedded_survey):
    brick = troubled(Trouble.MISSING)
    assert brick in bricks(embedded_survey)["brickname"]
    assert is_v3(rows_of(embedded_survey, brick)).sum() >= 5
    assert not folder(embedded_survey, brick).exists()


def test_one_file_is_truncated_and_its_checksum_is_the_whole_files(embedded_survey):
    brick = troubled(Trouble.TRUNCATED)
    path = coadd(embedded_survey, brick, "image", "r")
    assert path.stat().st_size % 2880 != 0
    others = set(embedded_survey.glob("south/**/*.fits*")) - {path}
    assert all(
        other.stat().st_size % 2880 == 0 for other in others if not other.name.endswith(".gz")
    )
    listing = next(folder(embedded_survey, brick).glob("*.sha256sum")).read_text()
    assert path.name in listing
    assert hashlib.sha256(path.read_bytes()).hexdigest() not in listing
    with pytest.raises(OSError, match=r"FITS|read"):
        fitsio.read(str(path))


@pytest.mark.parametrize(
    ("trouble", "pattern", "n"),
    [(Trouble.NO_PSFSIZE, "*-psfsize-*", 3), (Trouble.NO_MASKBITS, "*-maskbits*", 1)],
)
def test_absent_products_are_absent_from_one_brick_and_its_list(
    embedded_survey, trouble, pattern, n
):
    brick = troubled(trouble)
    where = folder(embedded_survey, brick)
    assert not list(where.glob(pattern))
    assert len(list(where.glob("*.fits.fz"))) == N_FILES - n
    assert pattern.strip("*") not in next(where.glob("*.sha256sum")).read_text()
    assert is_v3(rows_of(embedded_survey, brick)).sum() >= 5


def test_one_band_has_no_coverage_though_its_files_are_there(embedded_survey):
    brick = troubled(Trouble.NO_BAND)
    for product in ("image", "invvar", "psfsize"):
        assert not pixels(embedded_survey, brick, product, "g").any()
        assert pixels(embedded_survey, brick, product, "r").any()
    rows = rows_of(embedded_survey, brick)
    assert (rows["NOBS_G"] == 0).all()
    assert (rows["FLUX_IVAR_G"] == 0).all()
    lrgs = rows[is_v3(rows)]
    assert len(lrgs) >= 5
    assert np.isnan(magnitudes(lrgs)["G"]).all()


def test_images_hold_values_where_invvar_is_zero(embedded_survey):
    brick = next(site.brick.name for site in sites() if site.is_healthy)
    image = pixels(embedded_survey, brick, "image", "r")
    invvar = pixels(embedded_survey, brick, "invvar", "r")
    assert ((image != 0) & (invvar == 0)).sum() > 50
    # the dither keeps exact zeros, and a covered pixel is hardly ever within half a step of zero
    assert ((image == 0) & (invvar > 0)).mean() < 1e-4


def test_image_is_zero_only_where_no_exposure_is(embedded_survey):
    brick = next(site.brick.name for site in sites() if site.is_healthy)
    image = pixels(embedded_survey, brick, "image", "r")
    is_covered = pixels(embedded_survey, brick, "psfsize", "r") > 0
    assert not image[~is_covered].any()
    assert 0.1 < is_covered.mean() < 0.3


def test_one_invvar_pixel_is_negative_within_the_stamp_of_an_lrg(embedded_survey):
    found = {}
    for site in sites():
        if site.is_healthy:
            invvar = pixels(embedded_survey, site.brick.name, "invvar", "r")
            if (invvar < 0).any():
                found[site.brick.name] = np.argwhere(invvar < 0)
    (brick,) = found
    assert brick == troubled(Trouble.NEGATIVE_INVVAR)
    assert len(found[brick]) == 1
    _, (rows, columns) = lrgs_with_pixels(embedded_survey, brick)
    row, column = found[brick][0]
    assert np.min(np.maximum(np.abs(rows - row), np.abs(columns - column))) < 32


def test_psfsize_is_zero_around_an_lrg_whose_pixels_are_good(embedded_survey):
    brick = troubled(Trouble.PSFSIZE_ZERO)
    lrgs, at = lrgs_with_pixels(embedded_survey, brick)
    is_zero = pixels(embedded_survey, brick, "psfsize", "r")[at] == 0
    is_good = pixels(embedded_survey, brick, "invvar", "r")[at] > 0
    assert (is_zero & is_good & (lrgs["PSFSIZE_R"] > 0)).any()
    assert not (pixels(embedded_survey, brick, "psfsize", "z")[at] == 0)[is_zero].any()


def test_bad_pixels_lie_over_an_lrg(embedded_survey):
    brick = troubled(Trouble.BAD_PIXELS)
    lrgs, at = lrgs_with_pixels(embedded_survey, brick)
    bright_saturated_masked = (1 << 1) | (1 << 3) | (1 << 6)
    is_bad = (lrgs["MASKBITS"] & bright_saturated_masked) == bright_saturated_masked
    assert is_bad.sum() >= 1
    assert not pixels(embedded_survey, brick, "invvar", "r")[at][is_bad].any()
    assert (lrgs["ALLMASK_R"][is_bad] != 0).all()
    assert (lrgs["FRACMASKED_R"][is_bad] > 0.8).all()


def test_a_healthy_pixel_brick_is_at_ra_0(embedded_survey):
    brick = next(
        site.brick
        for site in sites()
        if site.is_healthy and 0 in (site.brick.ra1, site.brick.ra2 - 360)
    )
    assert coadd(embedded_survey, brick.name, "image", "r").exists()
    lrgs, _ = lrgs_with_pixels(embedded_survey, brick.name)
    assert len(lrgs) >= 60


def test_stamps_of_some_lrgs_reach_over_the_edge_of_coverage(embedded_survey):
    partly = []
    for brick in [site.brick.name for site in sites() if site.is_healthy][::3]:
        _, (rows, columns) = lrgs_with_pixels(embedded_survey, brick)
        psfsize = pixels(embedded_survey, brick, "psfsize", "r")
        partly += [
            (psfsize[row - 32 : row + 32, column - 32 : column + 32] == 0).any()
            for row, column in zip(rows, columns, strict=True)
        ]
    assert 2 < np.sum(partly) < 0.1 * len(partly)
