"""Regions against scipy's connected components, and the selection sets against plain ranking."""

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components


@pytest.fixture(scope="module")
def bricks(catalogue):
    return catalogue.table("select * from bricks_with_region order by brickname")


def test_regions_are_connected_groups_inside_cells(bricks):
    ra, dec = np.radians(bricks["ra"].to_numpy()), np.radians(bricks["dec"].to_numpy())
    cell = bricks["cell"].to_numpy()
    limit = np.sin(np.radians(0.30) / 2) ** 2
    along = np.sin((ra[:, None] - ra) / 2) ** 2 * np.cos(dec)[:, None] * np.cos(dec)
    links = (along <= limit) & (np.sin((dec[:, None] - dec) / 2) ** 2 <= limit)
    links &= cell[:, None] == cell
    expected = connected_components(csr_matrix(links), directed=False)[1]
    found = bricks["region_id"].to_numpy()
    assert len(set(zip(expected, found, strict=True))) == len(set(expected)) == len(set(found))
    assert (bricks["brick_degree"].to_numpy() == links.sum(axis=1) - 1).all()


def test_a_region_lies_on_both_sides_of_ra_zero(bricks):
    sides = bricks.group_by("region_id").agg(
        (pl.col("ra") < 3).any().alias("east"), (pl.col("ra") > 357).any().alias("west")
    )
    assert sides.filter(pl.col("east") & pl.col("west")).height > 0


def test_regions_are_numbered_in_the_order_of_their_first_brick(bricks):
    first = bricks.group_by("region_id").agg(pl.col("brickname").min()).sort("region_id")
    assert first["region_id"].to_list() == list(range(first.height))
    assert first["brickname"].is_sorted()


def test_topk_takes_the_best_of_each_split(catalogue):
    metrics = catalogue.table(
        "select region_id, region_split, score_psf_weighted from region_metrics"
    )
    chosen = catalogue.table(
        "select region_id, region_split, region_rank from region_selections"
        " where selection_set_id = 'topk_psf_weighted_k100'"
    )
    for (split,), regions in metrics.group_by("region_split"):
        best = regions.sort("score_psf_weighted", "region_id", descending=[True, False]).head(100)
        mine = chosen.filter(pl.col("region_split") == split).sort("region_rank")
        assert mine["region_id"].to_list() == best["region_id"].to_list()


def test_all_twelve_sets_have_regions_of_every_split(catalogue):
    counts = catalogue.rows(
        "select selection_set_id, count(distinct region_split) from region_selections group by 1"
    )
    assert len(counts) == 12
    assert {n for _, n in counts} == {3}


def test_of_each_block_of_cells_every_split_gets_its_share(catalogue):
    rows = catalogue.rows(
        "select cell // 60 as block, count(*), count_if(split = 'train'), count_if(split = 'val'),"
        " min(split_u), max(split_u) from split_cells group by block having count(*) = 60"
    )
    assert len(rows) == 12
    assert {row[2:4] for row in rows} == {(42, 9)}
    assert all(low < 1 / 60 and high > 59 / 60 for *_, low, high in rows)
