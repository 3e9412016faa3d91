"""The report's page: whole, self-contained, every figure drawn, and honest about what is missing."""

import shutil

import altair as alt
import numpy as np
import polars as pl
import pytest

from report.blocks import Figure, Gallery, Note, Section, Table
from report.page import write_page
from report.stamps import composite, picture

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Chromium tries to reach its maker at every start; these keep it from trying.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def sections():
    rows = pl.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    figures = [
        Figure(f"figure_{k}", alt.Chart(rows).mark_point().encode(x="x:Q", y="y:Q"), "A caption.")
        for k in range(2)
    ]
    planes = np.zeros((3, 8, 8), np.float32)
    blocks = [
        *figures,
        Gallery("Stamps.", [[(picture(planes, ("g", "r", "z")), "a stamp")]], ["host"]),
        Table("Numbers.", ["name", "n"], [["<script>alert(1)</script>", 3], ["nothing", None]]),
        Note("A note."),
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


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_draws_every_figure_without_the_network(page):
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only with a browser)

    problems, requests = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page()
        tab.on("console", lambda message: problems.append(message.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(page.as_uri())
        tab.wait_for_function("document.body.dataset.drawn", timeout=20000)
        assert tab.evaluate("document.querySelectorAll('figure svg').length") == 2
        browser.close()
    assert problems == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


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
