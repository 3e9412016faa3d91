"""What may skip on a machine without the real survey files: a list, and nothing beyond it."""

import os
import subprocess
import sys

import pytest

from tests.places import PROJECT
from tests.support import real_files


def test_the_list_names_the_collected_cases_of_real_files(request):
    """Compare for the test files that this run has collected as a whole."""
    collected = request.session.items
    files = {item.nodeid.partition("::")[0] for item in collected}
    found = {
        real_files.case_name(item.nodeid) for item in collected if real_files.is_real_case(item)
    }
    listed = {name for name in real_files.listed_cases() if name.partition("::")[0] in files}
    assert found == listed


def test_the_injection_tests_run_without_real_files():
    """Count what is left of the heart of the tests when the listed cases are taken away."""
    command = ["-m", "pytest", "--collect-only", "-q", "-m", "not real and not nightly"]
    collected = subprocess.run(
        [sys.executable, *command, "tests/injection/test_stage.py", "tests/injection/test_brick_job.py"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert collected.count("test_stage.py::") > 20
    assert collected.count("test_brick_job.py::") > 15


@pytest.mark.parametrize(
    ("body", "passes"), [("assert True", True), ("pytest.skip('no browser')", False)]
)
def test_a_skip_that_nobody_listed_fails_the_run(tmp_path, body, passes):
    (tmp_path / "test_one.py").write_text(f"import pytest\ndef test_one():\n    {body}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.real_files", "--every-case",
         "--rootdir", tmp_path, "-c", os.devnull, tmp_path],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == passes, done.stdout
    assert ("skipped, and no case of real survey files" in done.stdout) != passes
