"""The sphere match against astropy on random catalogues, with the seam and the poles."""

import astropy.units as u
import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord, search_around_sky

from tests.models.pools.sky_catalogue import offset_positions
from tests.places import PROJECT

MACROS = PROJECT / "macros"
# Two formulas for the same angle in double precision: 1e-15 rad is 2e-10 arcsec.
SEPARATION_TOLERANCE_ARCSEC = 1e-8


def pairs_by_sql(left, right, radius_arcsec):
    """(left index, right index, separation) of all pairs, by the macros that the models use."""
    source = (MACROS / "sky.sql").read_text() + (MACROS / "pools_sphere.sql").read_text()
    macros = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(source).module
    separation = macros.separation_arcsec("cells.ra", "cells.dec", "objects.ra", "objects.dec")
    query = f"""
        with cells as ({macros.spread_over_sky_cells("lenses", radius_arcsec)})
        select cells.i, objects.i, {separation} as separation
        from objects inner join cells
            on cells.sky_cell = {macros.sky_cell("objects.ra", "objects.dec")}
        where separation <= {radius_arcsec}
        order by all
    """
    connection = duckdb.connect()
    for name, (ra, dec) in (("lenses", left), ("objects", right)):
        connection.register(name, pa.table({"i": np.arange(len(ra)), "ra": ra, "dec": dec}))
    return connection.execute(query).fetchall()


def pairs_by_astropy(left, right, radius_arcsec):
    """The same from astropy's tree."""
    coordinates = [SkyCoord(ra * u.deg, dec * u.deg) for ra, dec in (left, right)]
    i, j, separation, _ = search_around_sky(*coordinates, radius_arcsec * u.arcsec)
    return sorted(zip(i.tolist(), j.tolist(), separation.arcsec.tolist(), strict=True))


def random_patch(rng, ra, dec, n, radius_deg):
    return offset_positions(rng, np.full(n, ra), np.full(n, dec), radius_deg)


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        (0.0, 0.0),
        (0.0, -60.0),
        (359.9999, 33.0),
        (123.0, 90.0),
        (10.0, -90.0),
        (0.0, 89.99),
        (180.0, -89.99),
        (250.0, 17.0),
    ],
)
@pytest.mark.parametrize("radius_arcsec", [5, 20, 150])
def test_pairs_are_those_of_search_around_sky(ra, dec, radius_arcsec):
    rng = np.random.default_rng(int(ra) + int(dec) + radius_arcsec + 90)
    left = random_patch(rng, ra, dec, 60, 0.2)
    right = random_patch(rng, ra, dec, 20_000 if radius_arcsec == 5 else 3_000, 0.2)
    found = pairs_by_sql(left, right, radius_arcsec)
    expected = pairs_by_astropy(left, right, radius_arcsec)
    assert len(expected) > 3
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    np.testing.assert_allclose(
        [pair[2] for pair in found],
        [pair[2] for pair in expected],
        rtol=0,
        atol=SEPARATION_TOLERANCE_ARCSEC,
    )


def test_pairs_over_the_whole_sky_are_those_of_search_around_sky():
    rng = np.random.default_rng(3)
    left = 360 * rng.random(3_000), np.degrees(np.arcsin(2 * rng.random(3_000) - 1))
    right = 360 * rng.random(300_000), np.degrees(np.arcsin(2 * rng.random(300_000) - 1))
    expected = pairs_by_astropy(left, right, 120)
    assert len(expected) > 50
    assert [p[:2] for p in pairs_by_sql(left, right, 120)] == [p[:2] for p in expected]


def test_right_ascension_of_exactly_360_is_that_of_0():
    left = np.array([0.0]), np.array([10.0])
    right = np.array([360.0, 0.0]), np.array([10.0, 10.0])
    assert [pair[:2] for pair in pairs_by_sql(left, right, 5)] == [(0, 0), (0, 1)]
