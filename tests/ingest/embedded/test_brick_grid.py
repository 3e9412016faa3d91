"""The brick grid against the survey's own tables."""

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from ingest.embedded.brick_grid import brick, brick_at, bricks_around, columns_per_row, first_ids
from tests.places import REAL

FULL_SKY_DEG2 = 41252.96124941928


def test_the_sky_has_the_published_number_of_bricks():
    assert columns_per_row().sum() == 662_174


def test_brick_0001m002_is_the_documented_one():
    found = brick_at(0.2, -0.3)
    assert (found.name, found.brickid, found.ra, found.dec) == ("0001m002", 328_928, 0.125, -0.25)


def test_areas_of_the_bricks_add_up_to_the_sky():
    rows = [brick(row, 0).area_deg2 for row in range(len(columns_per_row()))]
    assert np.dot(rows, columns_per_row()) == pytest.approx(FULL_SKY_DEG2, rel=1e-12)


@given(ra=st.floats(0, 360, exclude_max=True), dec=st.floats(-90, 90))
def test_a_brick_holds_the_position_it_was_found_for(ra, dec):
    found = brick_at(ra, dec)
    assert found.ra1 - 1e-9 <= ra <= found.ra2 + 1e-9
    assert found.dec1 <= dec <= found.dec2


def test_bricks_around_ra_0_are_on_both_sides():
    names = [found.name for found in bricks_around(0.0, 0.0, 0.3)]
    assert {"0001p000", "3598p000"} <= set(names)


@pytest.mark.usefixtures("real")
def test_a_real_row_of_the_brick_table_is_reproduced():
    real = fitsio.read(str(REAL / "desitarget/dr6/survey-bricks.fits.gz"))[0]
    found = brick_at(95.95, 80.5)
    assert (found.name, found.brickid) == (real["BRICKNAME"], real["BRICKID"])
    assert (found.row, found.column) == (real["BRICKROW"], real["BRICKCOL"])
    for name in ("ra", "dec", "ra1", "ra2", "dec1", "dec2"):
        assert getattr(found, name) == pytest.approx(float(real[name.upper()]), abs=1e-10)


@pytest.mark.usefixtures("real")
def test_ids_and_names_of_1691_real_bricks_are_reproduced():
    real = fits.getdata(REAL / "legacysurvey-web/dr9-south-patched-bricks.fits", 1)
    rows = np.searchsorted(first_ids(), real["BRICKID"], "right") - 1
    columns = real["BRICKID"] - first_ids()[rows]
    names = [brick(int(r), int(c)).name for r, c in zip(rows, columns, strict=True)]
    assert len(names) == 1691
    assert names == [name.strip() for name in real["BRICKNAME"]]
