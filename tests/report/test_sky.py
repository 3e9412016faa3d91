"""The map of the bricks: panels at one scale, a legend of what is there."""

import math

import duckdb
import pytest

from report.sections import sky

# Two fields: one wide, at the equator; one small, far south.
BRICKS = """
create table bricks_with_region as
select
    'brick_' || i as brickname, i as region_id, if(i < 10, i * 0.5, 200.0)::double as ra, ra as ra1, ra + 0.25 as ra2,
    if(i < 10, 0.0, -60.0)::double as dec1, dec1 + 0.25 as dec2, 1.2 as psfsize_r, 24.0 as psfdepth_r
from range(11) as bricks(i);
create table region_metrics as
select i as region_id, 1 as n_bricks, if(i % 2 = 0, 'train', 'test') as region_split from range(11) as regions(i);
"""


@pytest.fixture
def panels():
    with duckdb.connect() as lake:
        lake.execute(BRICKS)
        yield sky.region_map(lake).chart.to_dict()["hconcat"]


def test_a_degree_is_as_long_in_every_panel_and_direction(panels):
    assert len(panels) == 2
    scales = []
    for panel in panels:
        ra, dec = (panel["encoding"][axis]["scale"]["domain"] for axis in ("x", "y"))
        scales.append(panel["height"] / (dec[1] - dec[0]))
        across = (ra[1] - ra[0]) * math.cos(math.radians(sum(dec) / 2))
        scales.append(panel["width"] / across)
    assert scales == pytest.approx([scales[0]] * 4)


def test_panels_fit_side_by_side(panels):
    assert sum(panel["width"] for panel in panels) <= sky.MAP_WIDTH
    assert max(panel["height"] for panel in panels) <= sky.MAP_HEIGHT + 1e-9


def test_the_legend_names_the_splits_that_are_there(panels):
    for panel in panels:
        assert panel["encoding"]["color"]["scale"]["domain"] == ["train", "test"]
