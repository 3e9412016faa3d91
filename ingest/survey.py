"""The survey's layout: its root, and the names of its files."""

import os
import re

from store import lake
from store.failures import CommandError

SURVEY_VARIABLE = "DHS_SURVEY"
SWEEP_FOLDER = "south/sweep/10.1"
BRICK_TABLE = "south/survey-bricks-dr10-south.fits.gz"
COADD_FOLDER = "south/coadd"
KNOWN_LENSES = "known_lenses.csv"  # only in the embedded survey; DR10 has no such list

SWEEP_NAME = re.compile(r"sweep-\d{3}[mp]\d{3}-\d{3}[mp]\d{3}\.fits")
DR10_RELEASES = frozenset({10000, 10002})
DR9_RELEASES = frozenset({9010, 9011, 9012})


def survey_root(source: str | None = None) -> str:
    """Return the survey's root: the one given, ``DHS_SURVEY``, or embedded."""
    chosen = source or os.environ.get(SURVEY_VARIABLE)
    if chosen:
        return chosen.rstrip("/")
    if lake.is_remote(lake.lake_root()):
        raise CommandError(f"say where the survey is, with --source or {SURVEY_VARIABLE}")
    return lake.lake_path("survey")
