"""Cells against hpgeom, near cells against a brute search of the disc, boxes against their points."""

import duckdb
import hpgeom
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.sky import healpix

NSIDE = 8
RADIUS_ARCSEC = 30.0
# The brute search steps through the disc in rings of 0.02 radii and 512 bearings: a cell that it
# misses, or that only it finds, may at most graze the disc.
GRAZE_ARCSEC = 0.6


def positions(n, seed=1):
    random = np.random.default_rng(seed)
    return random.uniform(0, 360, n), np.degrees(np.arcsin(random.uniform(-1, 1, n)))


def positions_near_borders(n, seed=2):
    """Positions within two radii of points on cell borders, corners and poles included."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, 12 * NSIDE**2, n)
    ra, dec = hpgeom.boundaries(NSIDE, cells, step=7)
    column = random.integers(0, ra.shape[1], n)
    ra, dec = ra[np.arange(n), column], dec[np.arange(n), column]
    shift = 2 * RADIUS_ARCSEC / 3600 * random.uniform(-1, 1, (2, n))
    dec = np.clip(dec + shift[0], -90, 90)
    return np.mod(ra + shift[1] / np.maximum(np.cos(np.radians(dec)), 1e-4), 360), dec


def cells_of_disc(ra, dec, radius_arcsec):
    """Cells of many points of a disc, by rotating the pole's neighbourhood to the position."""
    rings = np.linspace(0, radius_arcsec / 3600, 51)
    radius, bearing = np.meshgrid(rings, np.linspace(0, 2 * np.pi, 512, endpoint=False))
    r, d = np.radians(radius), np.radians(dec)
    sin_dec = np.sin(d) * np.cos(r) + np.cos(d) * np.sin(r) * np.cos(bearing)
    delta = np.arctan2(np.sin(bearing) * np.sin(r) * np.cos(d), np.cos(r) - np.sin(d) * sin_dec)
    point_dec = np.degrees(np.arcsin(np.clip(sin_dec, -1, 1)))
    point_ra = np.mod(ra + np.degrees(delta), 360)
    return set(hpgeom.angle_to_pixel(NSIDE, point_ra.ravel(), point_dec.ravel()).tolist())


def near_cells(ra, dec, radius_arcsec):
    near = healpix.cells_within(NSIDE, np.array([ra]), np.array([dec]), radius_arcsec)[0]
    return set(near[near >= 0].tolist())


def test_cells_are_those_of_hpgeom():
    ra, dec = positions(20_000)
    assert (healpix.cells_of(NSIDE, ra, dec) == hpgeom.angle_to_pixel(NSIDE, ra, dec)).all()


def test_a_row_without_a_position_has_no_cell():
    ra = np.array([np.nan, 10.0, 10.0, np.inf])
    dec = np.array([0.0, np.nan, 90.5, 0.0])
    assert (healpix.cells_of(NSIDE, ra, dec) == -1).all()
    assert (healpix.cells_within(NSIDE, ra, dec, 30.0) == -1).all()


@pytest.mark.parametrize("place", [positions(300, seed=3), positions_near_borders(700)])
def test_near_cells_are_those_that_the_disc_meets(place):
    for ra, dec in zip(*place, strict=True):
        surely = cells_of_disc(ra, dec, RADIUS_ARCSEC)
        at_most = cells_of_disc(ra, dec, RADIUS_ARCSEC + GRAZE_ARCSEC)
        assert surely <= near_cells(ra, dec, RADIUS_ARCSEC) <= at_most


def test_half_of_the_places_near_borders_really_reach_over():
    ra, dec = positions_near_borders(700)
    reaching = healpix.cells_within(NSIDE, ra, dec, RADIUS_ARCSEC)[:, 1] >= 0
    assert 0.4 < reaching.mean() < 0.9


@settings(max_examples=60, deadline=None)
@given(ra=st.floats(0, 360, exclude_max=True), dec=st.floats(-90, 90))
def test_own_cell_comes_first_and_a_wider_disc_meets_no_fewer_cells(ra, dec):
    own = healpix.cells_of(NSIDE, np.array([ra]), np.array([dec]))[0]
    near = healpix.cells_within(NSIDE, np.array([ra]), np.array([dec]), 30.0)[0]
    assert near[0] == own
    assert near_cells(ra, dec, 30.0) <= near_cells(ra, dec, 300.0)


def test_four_cells_meet_at_the_pole():
    assert len(near_cells(123.0, 90.0, RADIUS_ARCSEC)) == 4


def test_no_border_is_nearer_on_the_sky_than_the_prefilter_believes():
    ra, dec = positions(3000, seed=5)
    width = hpgeom.nside_to_resolution(NSIDE, units="degrees")
    cells = healpix.cells_of(NSIDE, ra, dec)
    for row in range(len(ra)):
        offset = healpix._offset_in_cell(NSIDE, ra[row], dec[row])
        distance = healpix._distance_to_cell(NSIDE, cells[row], ra[row], dec[row])
        assert distance >= offset * width / healpix.EDGE_SAFETY


def test_border_of_a_cell_is_where_hpgeom_has_it():
    for cell in (0, 63, 100, 300, 511, 700, 767):
        ra, dec = hpgeom.boundaries(NSIDE, cell, step=5)
        for point in zip(ra, dec, strict=True):
            # Rounding of unit vectors is 1e-16, of the chord between near ones 1e-8 of a radian.
            assert healpix._distance_to_cell(NSIDE, cell, *point) * 3600 < 0.01


@pytest.mark.parametrize("radius", [-1.0, 4000.0])
def test_a_radius_that_makes_no_sense_is_refused(radius):
    with pytest.raises(ValueError, match="radius_arcsec"):
        healpix.cells_within(NSIDE, np.array([1.0]), np.array([1.0]), radius)


def test_a_box_in_one_cell_has_all_its_points_and_surroundings_there():
    random = np.random.default_rng(7)
    dec1 = random.uniform(-88, 87, 2000)
    ra1 = random.uniform(0, 359, 2000)
    ra2 = ra1 + 0.25 / np.cos(np.radians(dec1))
    cells = healpix.cell_of_box(NSIDE, ra1, ra2, dec1, dec1 + 0.25)
    inside = cells >= 0
    assert 0.8 < inside.mean() < 0.97
    for row in np.flatnonzero(inside):
        ra = random.uniform(ra1[row], ra2[row], 40)
        dec = random.uniform(dec1[row], dec1[row] + 0.25, 40)
        near = healpix.cells_within(NSIDE, ra, dec, RADIUS_ARCSEC)
        assert (near[:, 0] == cells[row]).all()
        assert (near[:, 1:] == -1).all()


def test_sql_gives_what_python_gives_in_any_batch():
    ra, dec = positions_near_borders(5000, seed=9)
    connection = duckdb.connect()
    healpix.register(connection)
    connection.execute(
        "create table places as select unnest($1) as ra, unnest($2) as dec", [ra, dec]
    )
    rows = connection.execute(
        "select healpix_cell(8, ra, dec), healpix_cells_within(8, ra, dec, 30.0) from places"
    ).fetchall()
    near = healpix.cells_within(NSIDE, ra, dec, 30.0)
    assert [cell for cell, _ in rows] == near[:, 0].tolist()
    assert [cells for _, cells in rows] == [row[row >= 0].tolist() for row in near]


def test_sql_gives_null_for_a_null():
    connection = duckdb.connect()
    healpix.register(connection)
    query = "select healpix_cell(8, null, 1.0), healpix_cell_of_box(8, 1.0, null, 1.0, 2.0)"
    assert connection.execute(query).fetchone() == (None, None)
