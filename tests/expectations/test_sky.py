"""Pairs on the sphere against astropy, at the seam and the pole too."""

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord, search_around_sky

from expectations.independent.sky import near_pairs, pairs_across_splits

RADIUS_ARCSEC = 30.0
CENTRES = {"equator": (150.0, 2.0), "seam": (0.0, -30.0), "pole": (77.0, 90.0)}


def objects_near(centre, n_objects=400, radius_deg=0.05, seed=1):
    """Objects scattered about a place: ra, dec, split."""
    rng = np.random.default_rng(seed)
    place = SkyCoord(*centre, unit="deg")
    scattered = place.directional_offset_by(
        rng.uniform(0, 360, n_objects) * u.deg,
        radius_deg * np.sqrt(rng.uniform(size=n_objects)) * u.deg,
    )
    return scattered, rng.choice(["train", "val", "test"], n_objects)


@pytest.fixture
def sky(lake_connection):
    def table(centre):
        places, splits = objects_near(centre)
        columns = {"ra": places.ra.deg, "dec": places.dec.deg, "split": splits}
        lake_connection.register("arrays", pa.table(columns))
        lake_connection.execute(
            "create or replace table objects as select row_number() over () - 1 as i, * from arrays"
        )
        return places, splits

    return table


@pytest.mark.parametrize("centre", CENTRES.values(), ids=CENTRES)
def test_pairs_are_those_of_astropy(sky, lake_connection, centre):
    places, _ = sky(centre)
    first, second, _, _ = search_around_sky(places, places, RADIUS_ARCSEC * u.arcsec)
    expected = {(i, j) for i, j in zip(first, second, strict=True) if i < j}
    query = near_pairs(
        "from objects", "from objects", RADIUS_ARCSEC, "left_spread.i < right_objects.i"
    )
    found = lake_connection.execute(f"select left_i, right_i from ({query})").fetchall()
    assert len(found) == len(expected) > 100
    assert set(found) == expected


@pytest.mark.parametrize("centre", CENTRES.values(), ids=CENTRES)
def test_pairs_across_splits_are_those_of_astropy(sky, lake_connection, centre):
    places, splits = sky(centre)
    first, second, _, _ = search_around_sky(places, places, RADIUS_ARCSEC * u.arcsec)
    apart = splits[first] != splits[second]
    expected = {frozenset(pair) for pair in zip(first[apart], second[apart], strict=True)}
    query = pairs_across_splits("from objects", RADIUS_ARCSEC)
    found = lake_connection.execute(f"select left_i, right_i from ({query})").fetchall()
    assert {frozenset(pair) for pair in found} == expected
    assert len(expected) > 100


def test_a_radius_wider_than_a_block_is_refused():
    with pytest.raises(ValueError, match=r"radius_arcsec = 3600\.0 is wider than a block"):
        pairs_across_splits("from objects", 3600.0)
