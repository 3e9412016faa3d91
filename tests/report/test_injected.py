"""What is counted of the injections: systems once, controls never among them, populations apart."""

import pytest

from report.sections import injected
from report.sections.injected import CONTROL_GALAXIES, INJECTED_SYSTEMS
from tests.report.injections_lake import GRIDS, N_SYSTEMS, SIZES, injections_lake


@pytest.fixture
def lake():
    with injections_lake() as connection:
        yield connection


def test_grid_and_prior_of_a_tier_are_apart_and_a_system_counts_once(lake):
    rows = injected.signal_to_noise_quartiles(lake)
    assert rows["population"].to_list() == ["train, grid small", "train, recoverable"]
    assert rows["n_systems"].to_list() == [N_SYSTEMS - 1] * 2  # one has no metrics
    assert rows["middle"].to_list() == [102.0, 202.0]


def test_populations_of_one_radius_stand_side_by_side(lake):
    places = injected.set_apart(injected.signal_to_noise_quartiles(lake))["place"]
    assert places.mean() == pytest.approx(1.0)
    assert places.n_unique() == 2


def test_injected_systems_are_the_same_in_every_table(lake):
    table = injected.outcomes(lake)
    column = table.headings.index("injected systems with metrics")
    assert len(table.rows) == len(GRIDS) * len(SIZES)
    assert [row[column] for row in table.rows] == [N_SYSTEMS - 1] * len(table.rows)
    assert [row[column - 1] for row in table.rows] == [N_SYSTEMS] * len(table.rows)
    (n_systems,) = lake.sql(INJECTED_SYSTEMS).fetchone()
    assert n_systems == len(GRIDS) * (N_SYSTEMS - 1)
    assert f"with metrics {n_systems} differ" in table.caption


def test_a_control_galaxy_counts_once(lake):
    assert lake.sql(CONTROL_GALAXIES).fetchone() == (1,)
