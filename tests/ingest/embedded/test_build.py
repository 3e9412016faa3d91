"""Writing the embedded survey: once, the same bytes always, whole files, nothing of others."""

import hashlib
import json
import os
import signal
import subprocess
import sys

import pytest

from ingest.embedded.build import MARKER, SurveyError, write_survey
from ingest.embedded.layout import Trouble, sites
from tests.places import PROJECT

# Two bricks with small windows: the quickest survey with pixels there is.
SMALL = tuple(
    site.brick.name for site in sites() if site.trouble in (Trouble.NO_BAND, Trouble.TRUNCATED)
)
# Whichever process writes the fifth file kills all of them: to watch and kill from outside comes too
# late on a busy machine. Worker processes run the lines above the last, too.
KILLED = """
import os
import signal
import sys
from pathlib import Path
from ingest.embedded.build import write_survey

def kill_all(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith(".fits.fz"):
        if len(list(Path(sys.argv[1]).rglob("*.fits.fz"))) >= 4:
            os.killpg(0, signal.SIGKILL)

sys.addaudithook(kill_all)
if __name__ == "__main__":
    write_survey(Path(sys.argv[1]), progress=False, workers=2, only=sys.argv[2:])
"""


def digests(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    root = tmp_path_factory.mktemp("small") / "survey"
    return root, write_survey(root, progress=False, workers=1, only=SMALL)


def test_summary_says_what_was_written(small):
    root, summary = small
    assert summary.is_new
    assert summary.n_pixel_bricks == 2
    assert summary.n_sources > 10_000
    assert len(list((root / "south/coadd").glob("*/*"))) == 2


def test_a_second_run_does_nothing(small):
    root, first = small
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    again = write_survey(root, progress=False, workers=1, only=SMALL)
    assert not again.is_new
    assert again.n_sources == first.n_sources
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.nightly
def test_two_workers_write_the_same_bytes_as_one(small, tmp_path):
    write_survey(tmp_path / "two", progress=False, workers=2, only=SMALL)
    assert digests(tmp_path / "two") == digests(small[0])


@pytest.mark.nightly
def test_killed_and_run_again_gives_the_same_bytes(small, tmp_path):
    root = tmp_path / "killed"
    script = tmp_path / "write.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, str(script), str(root), *SMALL]
    killed = subprocess.run(
        command, check=False, env=environment, start_new_session=True, timeout=300
    )
    assert killed.returncode == -signal.SIGKILL
    assert 4 <= len(list(root.rglob("*.fits.fz"))) <= 5  # two that are renamed at once see the same
    assert json.loads((root / MARKER).read_text())["summary"] is None
    write_survey(root, progress=False, workers=1, only=SMALL)
    assert digests(root) == digests(small[0])


@pytest.mark.nightly
def test_other_settings_are_another_survey(small, tmp_path):
    write_survey(tmp_path / "survey", progress=False, workers=1, only=SMALL[:1])
    changed = write_survey(tmp_path / "survey", progress=False, workers=1, only=SMALL[1:])
    assert changed.is_new
    assert [path.name for path in (tmp_path / "survey/south/coadd").glob("*/*")] == [SMALL[1]]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "south").mkdir()
    (tmp_path / "south/real.fits").write_bytes(b"x")
    with pytest.raises(SurveyError, match="empty folder"):
        write_survey(tmp_path, progress=False)
    assert (tmp_path / "south/real.fits").read_bytes() == b"x"


def test_an_unknown_brick_is_named(tmp_path):
    with pytest.raises(SurveyError, match="9999p999"):
        write_survey(tmp_path, only=["9999p999"])


def test_no_brick_at_all_is_refused(tmp_path):
    with pytest.raises(SurveyError, match="at least one"):
        write_survey(tmp_path, only=[])


def test_what_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SurveyError, match="cannot write the embedded survey"):
        write_survey(tmp_path / "file" / "survey", progress=False)
