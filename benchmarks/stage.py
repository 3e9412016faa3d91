"""The injection stage end to end on one core: `python -m benchmarks.stage [--folder DIR]`.

Bricks of 3600x3600 pixels compressed as the survey's, with the tasks of the tier train (60 hosts,
two replicates, stamps of 64 and 96 pixels from one render). Every brick is read cold: the page cache
is told to forget its files before each run. Compared with loops that read by astropy (whole bricks)
and by fitsio (slices), with the same kernel, and that must give the same pixels. Compiling takes
place before and is stated apart. A task is a render with all its stamps, so that nothing counts twice.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.stage_clock import clocked
from benchmarks.stage_peers import astropy_layers, fitsio_layers, run_loop
from benchmarks.stage_tasks import (
    BRICKS,
    RENDERS_PER_BRICK,
    SIZES,
    brick_renders,
    experiment_stamps,
    stage_settings,
    write_bricks,
)
from injection.part_files import write_part
from injection.plan import parts
from injection.settings import StageSettings
from udfs.compiled import compile_all, load_all

REPEATS = 5
LEAST_RATIO, LEAST_RATE, MOST_MEMORY_GB = 15, 500, 1.5
TEN_MILLION = 10_000_000
CORES = (1, 16, 480)
MEMORY_RUNS = (("spread", 200), ("spread", 20_000), ("one", 20_000))
PLACES = {"spread": "on bricks of 120", "one": "on one brick"}


def forget(coadds: Path) -> None:
    """Drop the bricks' files from the page cache."""
    for path in coadds.rglob("*.fits.fz"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run_stage(renders: pl.DataFrame, settings: StageSettings, lake: Path) -> None:
    """What the stage does with these renders, in this process."""
    for part in parts(renders.partition_by("brickname", maintain_order=True), settings):
        write_part(part, settings, lake)


def cold_seconds(work: Callable[[Path], object], coadds: Path) -> tuple[float, float]:
    """Wall and CPU seconds of one run in a folder of its own, the bricks' files out of the cache."""
    with tempfile.TemporaryDirectory(dir=coadds.parent) as folder:
        forget(coadds)
        wall, cpu = time.perf_counter(), time.process_time()
        work(Path(folder))
        return time.perf_counter() - wall, time.process_time() - cpu


def same_pixels(renders: pl.DataFrame, settings: StageSettings, coadds: Path) -> bool:
    """Whether stage, astropy and fitsio give the same stamps.

    To 1e-6 of the peak: the loops take positions from astropy, whose last digits are others.
    """
    with tempfile.TemporaryDirectory(dir=coadds.parent) as folder:
        run_stage(renders, settings, Path(folder))
        ours = {size: experiment_stamps(Path(folder), size) for size in SIZES}
        for layers in (astropy_layers, fitsio_layers):
            theirs = run_loop(renders, settings, layers, Path(folder))
            for size in SIZES:
                pairs = zip(renders["render_id"], theirs[size], strict=True)
                if not all(_is_close(ours[size][name], stamp) for name, stamp in pairs):
                    return False
    return True


def _is_close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return bool(np.max(np.abs(ours - theirs)) <= 1e-6 * np.max(np.abs(theirs)))


def report_peers(renders: pl.DataFrame, settings: StageSettings, coadds: Path) -> float:
    """Print the stage beside the loops; returns its seconds per task."""
    runs: dict[str, Callable[[Path], object]] = {
        "stage": lambda folder: run_stage(renders, settings, folder),
        "fitsio, a slice per host": lambda f: run_loop(renders, settings, fitsio_layers, f),
        "astropy, whole bricks": lambda f: run_loop(renders, settings, astropy_layers, f),
    }
    best: dict[str, tuple[float, float]] = {}
    for name, work in runs.items():
        n_repeats = REPEATS if name == "stage" else 2
        best[name] = min(cold_seconds(work, coadds) for _ in range(n_repeats))
    stage = best["stage"][0]
    print(f"\n{'':28}{'tasks/s':>9}{'ms a brick':>12}{'of it CPU':>11}{'stage is faster by':>20}")
    for name, (wall, cpu) in best.items():
        rate, per_brick = len(renders) / wall, 1e3 / len(BRICKS)
        print(
            f"{name:28}{rate:9.0f}{wall * per_brick:12.0f}{cpu * per_brick:11.0f}{wall / stage:20.1f}"
        )
    ratio, rate = best["astropy, whole bricks"][0] / stage, len(renders) / stage
    print(f"at least {LEAST_RATIO} times the astropy loop: {_verdict(ratio >= LEAST_RATIO)}")
    print(f"at least {LEAST_RATE} tasks a second and core: {_verdict(rate >= LEAST_RATE)}")
    return stage / len(renders)


def report_parts(renders: pl.DataFrame, settings: StageSettings, coadds: Path) -> None:
    """Print where the time of the stage goes: the fastest of several runs with clocks in it."""
    runs = []
    for _ in range(REPEATS):
        with clocked() as clock:
            wall, _cpu = cold_seconds(lambda f: run_stage(renders, settings, f), coadds)
        runs.append((wall, clock))
    wall, clock = min(runs, key=lambda run: run[0])
    print("\nwhere the time goes, ms a brick")
    for label, seconds in sorted(clock.items(), key=lambda item: -item[1]):
        print(f"  {label:34}{1e3 * seconds / len(BRICKS):8.1f}{100 * seconds / wall:6.0f} %")
    rest = wall - sum(clock.values())
    print(f"  {'rows, hashes and all the rest':34}{1e3 * rest / len(BRICKS):8.1f}"
          f"{100 * rest / wall:6.0f} %")  # fmt: skip


def report_memory(coadds: Path) -> None:
    """Print the peak memory of fresh workers with few and with many tasks."""
    print("\npeak memory of a worker in a process of its own")
    for place, n_tasks in MEMORY_RUNS:
        command = [
            sys.executable,
            "-m",
            "benchmarks.stage_memory",
            str(coadds),
            place,
            str(n_tasks),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        gigabytes = float(done.stdout)
        verdict = _verdict(gigabytes < MOST_MEMORY_GB)
        print(f"  {n_tasks:6} tasks {PLACES[place]:18}{gigabytes:6.2f} GB, below {MOST_MEMORY_GB}: "
              f"{verdict}", flush=True)  # fmt: skip


def report_projection(seconds_per_task: float) -> None:
    """Print how long ten million tasks would take."""
    print("\nten million tasks, at this rate on every core")
    for cores in CORES:
        hours = TEN_MILLION * seconds_per_task / cores / 3600
        print(f"  {cores:4} cores: {hours:7.2f} h = {60 * hours:.0f} min")


def _verdict(is_so: bool) -> str:
    return "yes" if is_so else "NO"


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the bricks here (250 MB)")
    parser.add_argument("--no-memory", action="store_true", help="leave out the memory runs")
    arguments = parser.parse_args()
    pa.set_cpu_count(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # for the readers' threads, too
    with tempfile.TemporaryDirectory(prefix="dark-halo-scope-") as scratch:
        coadds = (arguments.folder or Path(scratch)) / "coadds"
        write_bricks(coadds)
        started = time.perf_counter()
        compile_all()
        load_all()
        seconds = time.perf_counter() - started
        print(f"compiling or loading the kernels, not counted: {seconds:.1f} s")
        _report(coadds, not arguments.no_memory)


def _report(coadds: Path, with_memory: bool) -> None:
    settings = stage_settings(coadds)
    renders = pl.concat([brick_renders(coadds, name) for name in BRICKS])
    print(f"{len(BRICKS)} bricks, {RENDERS_PER_BRICK} tasks each, {settings.kernel.psf_profile} PSF,"
          f" photon noise; same pixels from all readers: "
          f"{_verdict(same_pixels(renders, settings, coadds))}")  # fmt: skip
    seconds = report_peers(renders, settings, coadds)
    report_parts(renders, settings, coadds)
    report_projection(seconds)
    if with_memory:
        report_memory(coadds)


if __name__ == "__main__":
    main()
