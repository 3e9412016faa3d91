"""Folders that tests read: the project, and real survey files where they are at hand."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
REAL = PROJECT.parent / "shared" / "data" / "real"
REAL_COADDS = REAL / "desitarget" / "dr6" / "coadd"
