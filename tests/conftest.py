"""The embedded survey, made once for all tests that need survey files."""

import os
from pathlib import Path

import pytest

from ingest.mock.build import write_survey

KEPT_SURVEY = (
    "DHS_TEST_SURVEY"  # a folder that keeps the survey from one run of the tests to the next
)


@pytest.fixture(scope="session")
def embedded_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of the whole embedded survey; read it, never write to it."""
    kept = os.environ.get(KEPT_SURVEY)
    root = Path(kept) if kept else tmp_path_factory.mktemp("embedded") / "survey"
    write_survey(root, progress=False)
    return root
