"""A lake of its own for every test, and a way to run the commands."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import lake
from ingest.__main__ import main

PROJECT = Path(__file__).resolve().parents[2]
REAL = PROJECT.parent / "shared" / "data" / "real"


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


@pytest.fixture
def real() -> Path:
    """Real survey files."""
    if not REAL.is_dir():
        pytest.skip("real survey files are absent (../shared/data/real)")
    return REAL


def run_in_process(*arguments: object, **options: object) -> subprocess.Popen:
    """Starts ``python -m ingest`` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ingest", *map(str, arguments)], cwd=PROJECT, **options
    )
