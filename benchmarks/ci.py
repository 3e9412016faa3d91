"""CPU seconds of the demo and of the tests, by step: `python -m benchmarks.ci [target ...]`.

The steps are the commands of the Makefile's targets, run one after the other with an empty lake and
kernels compiled beforehand. The table
is printed and appended to benchmarks/history.csv, for the next one to be compared with.
"""

import argparse
import csv
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HISTORY = PROJECT / "benchmarks" / "history.csv"
COLUMNS = ("date", "commit", "machine", "figure", "cpu_seconds")
TARGETS = ("kernels", "demo", "demo-small", "lint", "test")


def commands_of(target: str) -> list[str]:
    """List the commands of a target of the Makefile, but for what they say and prerequisites."""
    said = subprocess.run(
        ["make", "--no-print-directory", "-n", target, "READY="],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = [line for line in said.splitlines() if not line.startswith("echo ")]
    others = [
        name for name in TARGETS if name != target and target in ("demo", "demo-small", "test")
    ]
    before = {line for name in others if name in ("kernels", "lint") for line in commands_of(name)}
    return [line for line in lines if line not in before]


def step_name(command: str) -> str:
    """Shorten a command to what tells it from the others."""
    words = re.sub(r"^(\w+=\S+ )*", "", command).split()
    words[0] = Path(words[0]).name
    return " ".join(words).replace("python -m ", "")[:60]


def cpu_seconds() -> float:
    """Return the user and system time of all processes that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(target: str, lake: Path) -> Iterator[tuple[str, float]]:
    """Run a target's commands; yield the figure of each and of all."""
    environment = os.environ | {"DHS_LAKE": str(lake), "DBT_PROFILES_DIR": str(PROJECT)}
    environment |= {"DBT_SEND_ANONYMOUS_USAGE_STATS": "0", "GX_ANALYTICS_ENABLED": "false"}
    environment |= {"PYTHONDONTWRITEBYTECODE": ""}  # as the Makefile has it
    environment |= {"DBT_TARGET_PATH": str(lake.parent / "target"), "DO_NOT_TRACK": "1"}
    began = cpu_seconds()
    for command in commands_of(target):
        before, started = cpu_seconds(), time.monotonic()
        done = subprocess.run(
            command, shell=True, cwd=PROJECT, env=environment, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        used = cpu_seconds() - before
        print(
            f"{used:8.1f} CPU s {time.monotonic() - started:8.1f} s  {target}: {step_name(command)}",
            flush=True,
        )
        yield f"{target}: {step_name(command)}", used
    print(f"{cpu_seconds() - began:8.1f} CPU s             {target}: all", flush=True)
    yield f"{target}: all", cpu_seconds() - began


def machine() -> str:
    """Name the processor and the number of its cores."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = re.findall(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)[0]
    except (OSError, IndexError):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores"


def append(figures: list[tuple[str, float]]) -> None:
    """Write the figures below those of earlier runs."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    common = (datetime.now(UTC).date().isoformat(), commit, machine())
    is_new = not HISTORY.exists()
    with HISTORY.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        if is_new:
            rows.writerow(COLUMNS)
        rows.writerows((*common, figure, f"{used:.1f}") for figure, used in figures)


def main() -> None:
    """Measure the targets that are named, or all."""
    parser = argparse.ArgumentParser("python -m benchmarks.ci", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}")
    chosen = parser.parse_args().targets or TARGETS
    figures: list[tuple[str, float]] = []
    for target in chosen:
        with tempfile.TemporaryDirectory() as folder:
            figures += measured(target, Path(folder) / "lake")
    append(figures)
    print(f"appended to {HISTORY.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
