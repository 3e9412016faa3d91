"""Shares of train, val and test: three points at the survey's size, whole cells' scatter below it."""

import pytest

from expectations.suites.parents import suites
from store.project import settings

WANTED = {"train": 0.70, "val": 0.15, "test": 0.15}


def breaks_the_rule(connection, cells_of_split, galaxies_per_cell=10):
    """Whether the rule fails for numbers of equal cells per split."""
    cells = ", ".join(f"('{split}', {number})" for split, number in cells_of_split.items())
    connection.execute(
        f"""
        create or replace table bricks_with_region as
        select row_number() over () as brickid, brickid as cell, split
        from (values {cells}) as wanted(split, n_cells), range(n_cells);
        create or replace table parent_galaxies as
        select brickid, range as objid, split as region_split
        from bricks_with_region, range({galaxies_per_cell});
        """
    )
    (parents,) = (suite for suite in suites(settings()) if suite.table == "parent_galaxies")
    (rule,) = (check for check in parents.checks if check.name == "split_fractions_are_as_asked")
    return bool(connection.execute(parents.query(rule)).fetchall())


@pytest.mark.parametrize(
    ("n_cells", "points_off", "fails"),
    [
        (400, 2, False),
        (400, 4, True),
        (100, 4, False),  # one cell's share is 1 %, four standard deviations are 18 %
        (100, 25, True),
    ],
)
def test_shares_off_by_some_points(lake_connection, n_cells, points_off, fails):
    cells = {split: round(fraction * n_cells) for split, fraction in WANTED.items()}
    moved = round(points_off / 100 * n_cells)
    cells = {**cells, "train": cells["train"] - moved, "test": cells["test"] + moved}
    assert breaks_the_rule(lake_connection, cells) == fails


def test_a_split_without_galaxies_counts_as_a_share_of_zero(lake_connection):
    assert breaks_the_rule(lake_connection, {"train": 340, "val": 60, "test": 0})
