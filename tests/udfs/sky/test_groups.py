"""Groups against scipy's connected components of brute-force links."""

import duckdb
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from udfs.sky import groups as sky_groups

LINK_DEG = 0.30


def separation_deg(ra, dec):
    """All pairwise great-circle distances, by unit vectors."""
    ra, dec = np.radians(ra), np.radians(dec)
    vectors = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    chord = np.linalg.norm(vectors[:, :, None] - vectors[:, None, :], axis=0)
    return np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1)))


def same_grouping(one, other):
    """Whether two labellings group alike."""
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


def random_bricks(n, seed, dec_range, ra_range=(0, 360)):
    random = np.random.default_rng(seed)
    return random.uniform(*ra_range, n) % 360, random.uniform(*dec_range, n)


@pytest.mark.parametrize(
    "place",
    [
        random_bricks(400, 1, (-3, 3), (357, 363)),
        random_bricks(200, 2, (87, 90)),
        random_bricks(200, 3, (-90, -87)),
        random_bricks(400, 4, (55, 60), (100, 112)),
    ],
    ids=["across RA 0", "north pole", "south pole", "high declination"],
)
def test_positions_group_as_scipy_groups_their_links(place):
    ra, dec = place
    links = separation_deg(ra, dec) <= LINK_DEG
    expected = connected_components(csr_matrix(links), directed=False)[1]
    groups = sky_groups.position_groups(ra, dec, LINK_DEG * 3600)
    assert 5 < len(set(expected)) < len(ra)
    assert same_grouping(groups, expected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bricks_at_the_equator_are_linked_as_in_the_original_and_across_ra_0(seed):
    ra, dec = random_bricks(300, seed, (-2, 2), (358, 362))
    cell = np.zeros(300, dtype=np.int64)
    delta = np.abs((ra[:, None] - ra[None, :] + 180) % 360 - 180)
    is_near_in_dec = np.abs(dec[:, None] - dec[None, :]) <= LINK_DEG
    links = (delta <= LINK_DEG) & is_near_in_dec
    # The original took differences of right ascension; below 2 degrees the true angle is at most
    # 0.06 % shorter, and the seeds are such that no pair lies in between.
    assert not ((delta > LINK_DEG) & (delta * 0.9993 <= LINK_DEG) & is_near_in_dec).any()
    groups, degree = sky_groups.brick_groups(ra, dec, cell, LINK_DEG)
    assert same_grouping(groups, connected_components(csr_matrix(links), directed=False)[1])
    assert (degree == links.sum(axis=1) - 1).all()


def test_neighbours_are_never_further_than_the_diagonal_of_the_link():
    ra, dec = random_bricks(400, 11, (86, 90))
    distance = separation_deg(ra, dec)
    _, degree = sky_groups.brick_groups(ra, dec, np.zeros(400, dtype=np.int64), LINK_DEG)
    within_diagonal = (distance <= LINK_DEG * np.sqrt(2) * 1.0001).sum(axis=1) - 1
    within_link = (distance <= LINK_DEG).sum(axis=1) - 1
    assert (degree <= within_diagonal).all()
    assert (degree >= within_link).all()


def test_no_group_leaves_its_cell():
    ra, dec = random_bricks(500, 5, (-2, 2), (0, 4))
    cell = (ra > 2).astype(np.int64)
    groups, _ = sky_groups.brick_groups(ra, dec, cell, LINK_DEG)
    for group in set(groups):
        assert len(set(cell[groups == group])) == 1
    one_cell, _ = sky_groups.brick_groups(ra, dec, np.zeros(500, dtype=np.int64), LINK_DEG)
    assert len(set(groups)) > len(set(one_cell))


def test_label_is_the_first_member_whatever_the_order():
    ra, dec = random_bricks(300, 6, (-1, 1), (0, 3))
    groups, _ = sky_groups.brick_groups(ra, dec, np.zeros(300, dtype=np.int64), LINK_DEG)
    assert all(group == np.flatnonzero(groups == group)[0] for group in set(groups))
    shuffle = np.random.default_rng(0).permutation(300)
    again, _ = sky_groups.brick_groups(
        ra[shuffle], dec[shuffle], np.zeros(300, dtype=np.int64), LINK_DEG
    )
    assert same_grouping(again, groups[shuffle])


def test_nothing_to_group_is_no_error():
    nothing = np.empty(0)
    assert len(sky_groups.position_groups(nothing, nothing, 2.0)) == 0
    assert len(sky_groups.brick_groups(nothing, nothing, nothing, 0.3)[0]) == 0


def test_sql_groups_lists_and_refuses_a_null_position():
    connection = duckdb.connect()
    sky_groups.register(connection)
    groups = "select position_groups([359.9999, 0.0001, 1.0], [0.0, 0.0, 0.0], 2.0)"
    assert connection.execute(groups).fetchone()[0] == [0, 0, 2]
    bricks = "select brick_groups([0.1, 359.9], [0.0, 0.0], [1, 1]::bigint[], 0.3)"
    assert connection.execute(bricks).fetchone()[0][1] == {"group_index": 0, "degree": 1}
    with pytest.raises(duckdb.Error, match="null"):
        connection.execute("select position_groups([1.0, null], [0.0, 0.0], 2.0)")
