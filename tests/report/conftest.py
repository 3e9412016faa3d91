"""A page opened in headless Chromium, with everything it says and asks for."""

import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Chromium tries to reach its maker at every start; these keep it from trying.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def opened(page, problems, requests):
    """A tab that shows the page; what it complains of and asks for goes into the lists."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only with a browser)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page()
        tab.on("console", lambda message: problems.append(message.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(page.as_uri())
        yield tab
        browser.close()


@pytest.fixture
def browse():
    """Open a page; at the end it must have been silent and asked for nothing but itself."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")

    @contextmanager
    def quietly(page):
        problems, requests = [], []
        with opened(page, problems, requests) as tab:
            yield tab
        assert problems == []
        assert [url for url in requests if not url.startswith("data:")] == [page.as_uri()]

    return quietly
