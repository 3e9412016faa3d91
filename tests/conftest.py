"""The embedded survey, made once for all tests that need survey files."""

import fcntl
import os
from pathlib import Path

import pytest

from ingest.mock.build import write_survey

# A folder that keeps the survey from one run of the tests to the next
KEPT_SURVEY = "DHS_TEST_SURVEY"


@pytest.fixture(scope="session")
def embedded_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of the whole embedded survey; read it, never write to it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    root = Path(os.environ.get(KEPT_SURVEY, shared / "embedded" / "survey"))
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / "survey.lock").open("w") as lock:  # processes wait for the one that builds
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_survey(root, progress=False)
    return root
