"""Where the psfsize came from, of stamps that are there."""

import pytest

from report.sections import provenance
from tests.report.injections_lake import injections_lake


@pytest.fixture
def rows():
    with injections_lake() as lake:
        yield provenance.psf_rows(lake)


def test_tasks_without_a_stamp_have_no_source(rows):
    assert rows["band"].to_list() == ["g", "r"]
    assert rows["psf_source"].to_list() == ["map", "map"]
    assert rows["share"].to_list() == [1.0, 1.0]


def test_a_range_is_of_what_was_used(rows):
    assert rows["narrowest"].to_list() == [1.2, 1.1]
    assert rows["widest"].to_list() == pytest.approx([1.8, 1.1])


def test_a_source_with_one_value_is_a_point():
    with injections_lake() as lake:
        spec = provenance.psf_sources(lake).chart.to_dict()
    layers = spec["hconcat"][1]["layer"]
    (point,) = (layer for layer in layers if layer["mark"]["type"] == "point")
    assert point["transform"] == [{"filter": "datum.narrowest == datum.widest"}]
