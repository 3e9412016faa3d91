"""The project's seeds, read from the CSV files that dbt loads too."""

import csv
from collections.abc import Mapping
from pathlib import Path

SEED_FOLDER = Path(__file__).resolve().parent.parent / "seeds"


def seed_rows(name: str) -> list[Mapping[str, str]]:
    """Return the rows of a seed, from any folder under ``seeds/``.

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


def seed_values(name: str, column: str) -> list[str]:
    """Return the distinct values of a seed's column, in the order of its rows."""
    return list(dict.fromkeys(row[column] for row in seed_rows(name)))
