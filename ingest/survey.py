"""The survey's layout: where its root is, what its files are called, which names are safe."""

import os
import re

from store import lake
from store.failures import CommandError

SURVEY_VARIABLE = "DHS_SURVEY"
SWEEP_FOLDER = "south/sweep/10.1"
BRICK_TABLE = "south/survey-bricks-dr10-south.fits.gz"
COADD_FOLDER = "south/coadd"
KNOWN_LENSES = "known_lenses.csv"  # not the survey's: the embedded survey brings its own list

BRICK_NAME = re.compile(r"\d{4}[mp]\d{3}")
SWEEP_NAME = re.compile(r"sweep-\d{3}[mp]\d{3}-\d{3}[mp]\d{3}\.fits")
DR10_RELEASES = frozenset({10000, 10002})
DR9_RELEASES = frozenset({9010, 9011, 9012})


def survey_root(source: str | None = None) -> str:
    """Where the survey is: what was asked for, ``DHS_SURVEY``, or the embedded survey."""
    chosen = source or os.environ.get(SURVEY_VARIABLE)
    if chosen:
        return chosen.rstrip("/")
    if lake.is_remote(lake.lake_root()):
        raise CommandError(f"say where the survey is, with --source or {SURVEY_VARIABLE}")
    return lake.lake_path("survey")


def checked_brick_name(name: object) -> str:
    """A brick name that is safe in a path.

    Raises
    ------
    ValueError
        When it is not four digits, m or p, and three digits.
    """
    if not isinstance(name, str) or not BRICK_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no brick name (like 0001m002)")
    return name
