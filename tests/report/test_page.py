"""The report's page: whole, self-contained, every figure drawn, and honest about what is missing."""

import altair as alt
import numpy as np
import polars as pl
import pytest

from report.blocks import Figure, Gallery, Link, Note, Section, Table
from report.page import write_page
from report.stamps import composite, picture


def sections():
    rows = pl.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    figures = [
        Figure(f"figure_{k}", alt.Chart(rows).mark_point().encode(x="x:Q", y="y:Q"), "A caption.")
        for k in range(2)
    ]
    planes = np.zeros((3, 8, 8), np.float32)
    blocks = [
        *figures,
        Gallery(
            "Stamps.", [[(picture(planes, ("g", "r", "z")), "a stamp")]], ["host"], ["a_long_name"]
        ),
        Table("Numbers.", ["name", "n"], [["<script>alert(1)</script>", 3], ["nothing", None]]),
        Note("A note.", [Link("tables", "dbt/index.html")]),
    ]
    return [Section("first", "First", "What it says.", blocks)]


@pytest.fixture
def page(tmp_path):
    return write_page(sections(), tmp_path, title="Title", subtitle="Subtitle")


def test_figures_are_written_as_png_and_pdf(page):
    figures = page.parent / "figures"
    assert (figures / "figure_1.png").read_bytes().startswith(b"\x89PNG")
    assert (figures / "figure_1.pdf").read_bytes().startswith(b"%PDF")
    assert not list(page.parent.rglob("*.part"))


def test_text_from_tables_cannot_become_markup(page):
    text = page.read_text()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_page_draws_every_figure_without_the_network(page, browse):
    with browse(page) as tab:
        tab.wait_for_function("document.body.dataset.drawn", timeout=120_000)
        assert tab.evaluate("document.querySelectorAll('figure svg').length") == 2


def test_a_printed_page_is_as_wide_as_the_paper(page, browse):
    with browse(page) as tab:
        tab.wait_for_function("document.body.dataset.drawn", timeout=120_000)
        tab.set_viewport_size({"width": 688, "height": 1017})  # A4 without its margins
        tab.emulate_media(media="print")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 688
        assert not tab.is_visible("nav")


def test_links_and_labels_are_drawn(page):
    text = page.read_text()
    assert '<a href="dbt/index.html">tables</a>' in text
    assert "a_<wbr>long_<wbr>name" in text


def test_north_is_up_and_east_is_left_in_a_picture():
    """Row 0 of a stamp is south and column 0 is east (+x is west): a picture turns rows only."""
    planes = np.zeros((3, 8, 8), np.float32)
    planes[:, 6, 1] = 1.0  # north-east
    image = composite(planes, ("g", "r", "z"))[::-1]
    row, column = np.unravel_index(image.sum(axis=2).argmax(), image.shape[:2])
    assert row < 4
    assert column < 4


def test_a_red_source_is_red():
    planes = np.zeros((3, 4, 4), np.float32)
    planes[2] = 0.2
    red, green, blue = composite(planes, ("g", "r", "z"))[0, 0].astype(int)
    assert red > green
    assert red > blue
