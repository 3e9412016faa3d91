"""Commands that are killed, and disks that are full: nothing half-written, and the next run goes on."""

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ingest.conftest import QUICK
from tests.places import PROJECT
from tests.support.coadd_survey import TEMPLATE as BRICK
from tests.support.fits_files import write_sweep

N_KILLS = 10
BRICKS = (BRICK, "0003m002", "3333p333")
ROWS = "select * exclude (seconds, finished_at) from raw_outcomes where product = 'coadds' order by all"


def start(station) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "ingest",
        *QUICK,
        "--workers",
        2,
        "coadds",
        "--source",
        station.url,
    ]
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_at_a_random_moment(station, rng: random.Random) -> None:
    """Kill a fetch some time after its first request."""
    n_before = len(station.orders.asked)
    process = start(station)
    while len(station.orders.asked) == n_before and process.poll() is None:
        time.sleep(0.01)
    time.sleep(rng.uniform(0.0, 0.8))
    process.send_signal(signal.SIGKILL)
    process.wait()


def assert_whole_files_only(station) -> None:
    """What has a final name is the survey's file, byte for byte."""
    for brick in BRICKS[:2]:
        for path in station.cache(brick).glob("legacysurvey*"):
            assert path.read_bytes() == (station.original(brick) / path.name).read_bytes()


@pytest.mark.nightly
def test_killed_ten_times_the_fetch_ends_as_if_it_never_was(station, tmp_path, monkeypatch):
    station.orders.always["*"] = "trickle 0.03"
    station.write_tasks(*BRICKS)
    rng = random.Random(13)
    for _ in range(N_KILLS):
        kill_at_a_random_moment(station, rng)
        assert_whole_files_only(station)
    station.orders.always.clear()
    assert station.fetch() == 0
    interrupted = station.query(ROWS)
    assert not list((station.lake / "coadds").rglob("*.partial"))
    for brick in BRICKS[:2]:
        names = {path.name for path in station.original(brick).iterdir()}
        assert {path.name for path in station.cache(brick).glob("legacysurvey*")} == names
        assert (station.cache(brick) / "_SUCCESS").exists()
    monkeypatch.setenv("DHS_LAKE", str(tmp_path / "undisturbed"))
    station.write_tasks(*BRICKS)
    assert station.fetch() == 0
    assert station.query(ROWS) == interrupted
    assert len(interrupted) == 3 * 11


@contextmanager
def files_no_larger_than(n_bytes: int) -> Iterator[None]:
    """What a full disk does to a write, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_ends_the_fetch_in_one_sentence(station, capfd):
    with files_no_larger_than(650_000):  # below an image, above an inverse variance
        assert station.fetch() == 1
    error = capfd.readouterr().err.strip().splitlines()
    assert error[-1].startswith("error: the disk is full")
    assert_whole_files_only(station)
    assert not list(station.cache().glob(".*partial"))
    assert not (station.cache() / "_SUCCESS").exists()
    assert station.fetch() == 0
    assert (station.cache() / "_SUCCESS").exists()


def test_a_disk_that_fills_up_takes_no_part_of_a_sweep(tmp_path, run, query, capfd):
    small = write_sweep(tmp_path / "a" / "sweep-000m005-005p000.fits")
    assert run("sweeps", "--source", small) == 0
    large = write_sweep(tmp_path / "b" / "sweep-005m005-010p000.fits", n_rows=20_000)
    with files_no_larger_than(1_000_000):
        assert run("sweeps", "--source", large) == 1
    error = capfd.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert error[0].startswith("error: the disk is full")
    assert query("select distinct sweep_file from raw_sources") == [(small.name,)]
    assert query("select count(*) from raw_outcomes") == [(1,)]
    assert run("sweeps", "--source", large) == 0


@pytest.mark.nightly
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = [peak_kilobytes(tmp_path, n_rows) for n_rows in (150_000, 600_000)]
    # a file four times as long, 250 MB, of which the chunks take 33 MB
    assert peaks[1] < 1.15 * peaks[0]


def peak_kilobytes(folder: Path, n_rows: int) -> int:
    """Peak resident memory of a process that reads a sweep, its mapped pages included."""
    path = write_sweep(folder / "sweep-000m005-005p000.fits", n_rows=n_rows)
    code = (
        "import re, sys, pathlib; from ingest.catalogues.sweeps import read_sweep\n"
        "n = sum(batch.num_rows for batch in read_sweep(pathlib.Path(sys.argv[1])))\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(n, re.search(r'VmHWM:\\s+(\\d+)', status)[1])"
    )
    command = [sys.executable, "-c", code, str(path)]
    answer = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    n_read, kilobytes = map(int, answer.stdout.split())
    assert n_read == n_rows
    return kilobytes
