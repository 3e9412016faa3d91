"""Lists that suites compare with, from their one home: the seeds."""

import csv
from collections.abc import Mapping
from pathlib import Path

SEED_FOLDER = Path(__file__).resolve().parent.parent / "seeds"


def seed_rows(name: str) -> list[Mapping[str, str]]:
    """The rows of a seed, wherever it lies under ``seeds/``.

    Raises
    ------
    FileNotFoundError
        When no seed has the name.
    """
    found = sorted(SEED_FOLDER.rglob(f"{name}.csv"))
    if not found:
        raise FileNotFoundError(f"no seed called {name} under {SEED_FOLDER}")
    with found[0].open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def reason_codes() -> list[str]:
    """Every code that says why something could not be done."""
    return [row["reason_code"] for row in seed_rows("reason_codes")]
