"""Pages open without the network, escape what they show, and outlive a run of another stage."""

import re
import shutil

import pytest

from expectations.pages import read_results, write_pages
from expectations.results import Outcome, TableResult, from_json, to_json

STAGES = ("staging", "regions")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def result(stage, table, *, is_ok=True):
    outcome = Outcome(
        expectation="ra_in_range",
        why="0 <= ra < 360, in <degrees>",
        is_ok=is_ok,
        observed="0 rows" if is_ok else "1 rows",
        query="select ra from bricks where not (ra < 360)",
        sample=() if is_ok else ("name=<script>alert(1)</script>",),
    )
    return TableResult(stage, table, "One row per x.", 3, 0.1, "2026-01-01T00:00:00", (outcome,))


@pytest.fixture
def page_folder(tmp_path):
    results = [result("regions", "regions"), result("staging", "bricks", is_ok=False)]
    write_pages(results, STAGES, tmp_path)
    return tmp_path


def test_a_result_survives_its_file(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(to_json(result("staging", "bricks", is_ok=False)))
    assert from_json(path) == result("staging", "bricks", is_ok=False)


def test_a_suite_without_expectations_is_not_met():
    assert not TableResult("staging", "bricks", "", 3, 0.1, "", ()).is_ok


def test_no_page_names_anything_outside(page_folder):
    pages = sorted(page_folder.glob("*.html"))
    assert [page.name for page in pages] == ["bricks.html", "index.html", "regions.html"]
    for page in pages:
        assert not re.search(r"(?i)https?:|//[a-z]|@import|url\(", page.read_text())


def test_what_data_say_is_shown_as_text(page_folder):
    text = (page_folder / "bricks.html").read_text()
    assert "&lt;script&gt;" in text
    assert "<script" not in text


def test_a_run_of_one_stage_keeps_the_pages_of_the_others(page_folder):
    write_pages([result("staging", "bricks")], STAGES, page_folder)
    kept = read_results(STAGES, page_folder)
    assert [(entry.table, entry.is_ok) for entry in kept] == [("bricks", True), ("regions", True)]
    assert "2 of 2 tables" in (page_folder / "index.html").read_text()


def test_the_pages_open_in_a_browser_without_a_request_leaving(page_folder):
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    complaints, requests = [], []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((page_folder / "index.html").as_uri())
        page.get_by_role("link", name="bricks").click()
        assert page.get_by_text("1 of 1 expectations are not met.").is_visible()
        page.get_by_text("the query that finds what breaks it").click()
        assert page.get_by_text("where not (ra < 360)").is_visible()
        browser.close()
    assert complaints == []
    assert {url.split(":")[0] for url in requests} <= {"file", "data"}
