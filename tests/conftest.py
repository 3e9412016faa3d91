"""What tests of several packages share: the embedded survey, lakes of their own, an S3 server."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.__main__ import main
from ingest.embedded.build import write_survey
from store import lake
from tests.places import REAL
from tests.support.once import made_once
from tests.support.s3_server import ENVIRONMENT, serving_s3

pytest_plugins = ["tests.support.real_files"]

# A folder that keeps the survey from one run of the tests to the next
KEPT_SURVEY = "DHS_TEST_SURVEY"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave tests of the whole embedded survey to the night: writing it takes a minute and more."""
    for item in items:
        if "embedded_survey" in getattr(item, "fixturenames", ()):
            item.add_marker("nightly")


@pytest.fixture(scope="session")
def embedded_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of the whole embedded survey; read it, never write to it."""
    if KEPT_SURVEY in os.environ:
        root = Path(os.environ[KEPT_SURVEY])
        write_survey(root, progress=False)
        return root
    return made_once(
        tmp_path_factory, "survey", lambda folder: write_survey(folder, progress=False)
    )


@pytest.fixture
def own_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty lake that the environment points to."""
    root = tmp_path / "lake"
    monkeypatch.setenv("DHS_LAKE", str(root))
    for name in ("DHS_SURVEY", "DHS_CATALOG", "DHS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return root


@pytest.fixture
def run(own_lake: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs ``python -m ingest`` with arguments in this process; returns its exit code."""

    def command(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["ingest", *map(str, arguments)])
        return main()

    return command


@pytest.fixture
def query(own_lake: Path) -> Callable[..., list[tuple]]:
    """Asks the lake."""

    def answer(sql: str, *parameters: object) -> list[tuple]:
        with lake.connect(read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    return answer


@pytest.fixture(scope="session")
def real() -> Path:
    """Root of real survey files; where they are absent, who asks for it is skipped."""
    return REAL


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3-compatible server."""
    with serving_s3() as endpoint:
        yield endpoint


@pytest.fixture
def s3_environment(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment that leads to it; the endpoint."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    return s3_endpoint
