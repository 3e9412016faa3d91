"""Near positions and bricks by SQL, against astropy and brute force, at the seam and the poles."""

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
BRICK_SIDE_DEG = 0.25


def macros():
    """Return the macros that the models use, rendered without dbt."""
    source = (MACROS / "sky.sql").read_text() + (MACROS / "near_positions.sql").read_text()
    return jinja2.Environment().from_string(source).module


def pairs_by_sql(left, right, radius_arcsec):
    """Return (left index, right index, separation) of all pairs."""
    connection = duckdb.connect()
    for name, (ra, dec) in (("lenses", left), ("objects", right)):
        connection.register(name, pa.table({"i": np.arange(len(ra)), "ra": ra, "dec": dec}))
    pairs = macros().positions_within("lenses", "objects", radius_arcsec)
    return connection.execute(
        f"select left_i, right_i, separation_arcsec from ({pairs}) order by all"
    ).fetchall()


def pairs_by_astropy(left, right, radius_arcsec):
    """Return the same from astropy's tree."""
    coordinates = [SkyCoord(ra * u.deg, dec * u.deg) for ra, dec in (left, right)]
    i, j, separation, _ = search_around_sky(*coordinates, radius_arcsec * u.arcsec)
    return sorted(zip(i.tolist(), j.tolist(), separation.arcsec.tolist(), strict=True))


def random_patch(rng, ra, dec, n, radius_deg):
    return offset_positions(rng, np.full(n, ra), np.full(n, dec), radius_deg)


def random_sky(rng, n):
    return 360 * rng.random(n), np.degrees(np.arcsin(2 * rng.random(n) - 1))


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
    left, right = random_sky(rng, 3_000), random_sky(rng, 300_000)
    expected = pairs_by_astropy(left, right, 120)
    assert len(expected) > 50
    assert [p[:2] for p in pairs_by_sql(left, right, 120)] == [p[:2] for p in expected]


def test_right_ascension_of_exactly_360_is_that_of_0():
    left = np.array([0.0]), np.array([10.0])
    right = np.array([360.0, 0.0]), np.array([10.0, 10.0])
    assert [pair[:2] for pair in pairs_by_sql(left, right, 5)] == [(0, 0), (0, 1)]


def test_a_pole_is_near_all_that_surrounds_it():
    left = np.array([200.0, 0.0]), np.array([90.0, -90.0])
    ra = np.arange(0.0, 360.0, 20.0)
    right = np.concatenate([ra, ra]), np.repeat([89.999, -89.999], len(ra))
    found = pairs_by_sql(left, right, 5)
    assert [pair[:2] for pair in found] == [(int(i >= len(ra)), i) for i in range(2 * len(ra))]


def brick_grid():
    """Return bricks of the whole sky, in rows with fewer columns at the poles."""
    rows = []
    for dec1 in np.arange(-90, 90, BRICK_SIDE_DEG):
        widest = np.cos(np.radians(np.clip(abs(dec1 + BRICK_SIDE_DEG / 2), 0, 90)))
        edges = np.linspace(0, 360, max(1, int(360 * widest / BRICK_SIDE_DEG)) + 1)
        n = len(edges) - 1
        rows.append((edges[:-1], edges[1:], np.full(n, dec1), np.full(n, dec1 + BRICK_SIDE_DEG)))
    ra1, ra2, dec1, dec2 = map(np.concatenate, zip(*rows, strict=True))
    return {"brickid": np.arange(len(ra1)), "ra1": ra1, "ra2": ra2, "dec1": dec1, "dec2": dec2}


def test_a_position_is_in_the_one_brick_that_brute_force_finds():
    bricks = brick_grid()
    rng = np.random.default_rng(5)
    corners = rng.choice(len(bricks["brickid"]), 200)
    patches = [random_sky(rng, 300), random_patch(rng, 0.0, 90.0, 50, 1.0)]
    patches += [random_patch(rng, 0.0, -90.0, 50, 1.0), random_patch(rng, 0.0, 10.0, 50, 0.3)]
    patches += [
        (bricks["ra1"][corners], bricks["dec1"][corners])
    ]  # a brick holds its lower borders
    patches += [(np.array([0.0, 360.0, 77.0, 77.0]), np.array([0.0, 0.0, 90.0, -90.0]))]
    ra, dec = (np.concatenate(values) for values in zip(*patches, strict=True))
    connection = duckdb.connect()
    connection.register("bricks", pa.table(bricks))
    connection.register("places", pa.table({"i": np.arange(len(ra)), "ra": ra, "dec": dec}))
    found = connection.execute(
        f"select i, brickid from ({macros().brick_of_position('places', 'bricks')}) order by all"
    ).fetchall()
    expected = []
    for i, (one_ra, one_dec) in enumerate(zip(ra % 360, dec, strict=True)):
        is_row = (bricks["dec1"] <= one_dec) & ((one_dec < bricks["dec2"]) | (bricks["dec2"] == 90))
        is_in = is_row & (bricks["ra1"] <= one_ra) & (one_ra < bricks["ra2"])
        expected += [(i, int(brick)) for brick in bricks["brickid"][is_in]]
    assert len(expected) == len(ra)
    assert found == expected


def test_a_position_outside_the_bricks_is_in_none():
    bricks = {"brickid": [1], "ra1": [10.0], "ra2": [10.25], "dec1": [0.0], "dec2": [0.25]}
    connection = duckdb.connect()
    connection.register("bricks", pa.table(bricks))
    connection.register("places", pa.table({"ra": [10.25, 10.1, 9.9], "dec": [0.1, 0.25, 0.1]}))
    query = macros().brick_of_position("places", "bricks")
    assert connection.execute(query).fetchall() == []
