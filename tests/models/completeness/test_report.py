"""The report's figures of completeness, drawn from a stage that has run."""

import json

import polars as pl
import pytest

from report.blocks import Table
from report.page import write_page
from report.sections import completeness
from report.sections.completeness_maps import HOW_TO_READ, MAPS, without_empty_bins
from tests.report.conftest import CHROMIUM, opened

STAGE_CONFIG = """
create temp table stage_config as
select distinct experiment_id, tier, 'grid_small' as grid, stamp_size from injections
"""


@pytest.fixture(scope="module")
def section(catalogue):
    with catalogue.connect(read_only=True) as connection:
        connection.execute(STAGE_CONFIG)
        yield completeness.section(connection)


@pytest.fixture(scope="module")
def page(section, tmp_path_factory):
    return write_page([section], tmp_path_factory.mktemp("page"), title="Title", subtitle="")


def figure(section, name):
    (found,) = (block for block in section.blocks if getattr(block, "name", "") == name)
    return found


def rows_of(figure):
    return next(iter(figure.chart.to_dict()["datasets"].values()))


def test_a_map_has_the_cells_of_its_filled_bins_and_tells_empty_ones(section, sql):
    drawn = figure(section, "completeness_theta_e_psf")
    rows = rows_of(drawn)
    filled = [row for row in rows if row["n_valid"] > 0]
    across, up = ({row[axis] for row in filled} for axis in ("x_bin", "y_bin"))
    assert len(rows) == len(across) * len(up)
    assert len(rows) < 10 * 8  # the whole cube
    assert "Bins without a usable injection are not drawn" in drawn.caption
    empty = [row for row in rows if row["n_valid"] == 0]
    assert all(row["completeness"] is None for row in empty)
    expected = sql(
        "select sum(n_recovered) as n from completeness_cells where cube = 'overall' and quality = 'all' and rule = "
        "'finder_fpr_1e1:net'"
    )["n"].item()
    assert expected > 0
    labels = {row["x_bin"] for row in rows} | {row["y_bin"] for row in rows}
    assert not any("inf" in label for label in labels)


def test_no_two_maps_say_the_same(section):
    captions = [figure(section, f"completeness_{cube}").caption for cube, *_ in MAPS]
    assert len(set(captions)) == len(MAPS)
    assert [HOW_TO_READ in caption for caption in captions] == [True, False, False, False]


def test_a_map_without_any_usable_injection_is_drawn_whole():
    rows = pl.DataFrame({"n_valid": [0, 0], "x_bin": ["a", "b"], "y_bin": ["c", "c"]})
    assert without_empty_bins(rows).equals(rows)


def test_every_rule_with_usable_injections_is_compared(section, sql):
    shown = {row["rule"] for row in rows_of(figure(section, "recovery_rules"))}
    usable = sql("select rule from completeness_cells where cube = 'overall' and n_valid > 0")
    assert shown == set(usable["rule"])


def test_a_rule_without_a_threshold_says_what_it_lacks(section, sql):
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    (row,) = (row for row in table.rows if row[0] == "blind_fpr_1e3")
    n_controls = sql("select n_controls from recovery_thresholds where rule = 'blind_fpr_1e3'")
    expected = f"no threshold: {n_controls.item()} galaxies without an arc, 5000 needed"
    assert expected in row


def test_no_infinity_and_no_missing_place_reaches_the_axes(section):
    spec = json.dumps(figure(section, "completeness_axes").chart.to_dict())
    assert "Infinity" not in spec
    assert "NaN" not in spec


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_figures_are_drawn_and_a_cell_says_its_counts_when_pointed_at(page):
    problems, requests = [], []
    with opened(page, problems, requests) as tab:
        tab.wait_for_function("document.body.dataset.drawn", timeout=120_000)
        figures = tab.query_selector_all(".chart")
        assert len(figures) == 6
        assert all(figure.query_selector("svg path") for figure in figures)
        tab.set_viewport_size({"width": 1280, "height": 900})
        cell = tab.query_selector_all("#figure-completeness_theta_e_psf .mark-rect.role-mark path")[
            -1
        ]
        cell.scroll_into_view_if_needed()
        tab.wait_for_timeout(300)  # the page is still scrolling
        box = cell.bounding_box()
        tab.mouse.move(box["x"] + 3, box["y"] + 3)
        tab.mouse.move(box["x"] + 15, box["y"] + 10, steps=4)
        tab.wait_for_selector("#vg-tooltip-element.visible", timeout=60_000)
        said = tab.inner_text("#vg-tooltip-element")
    assert "usable" in said
    assert "interval from" in said
    assert problems == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def test_figures_are_files_too(page):
    names = {path.stem for path in (page.parent / "figures").glob("*.pdf")}
    assert names == {path.stem for path in (page.parent / "figures").glob("*.png")}
    assert len(names) == 6
