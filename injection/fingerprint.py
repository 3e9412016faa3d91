"""Fingerprints: what a result depends on, as one short text.

A part is done again when, and only when, one of these changes: its tasks, the choices, the code
that computes it, the survey's files.
"""

import hashlib
from functools import cache

import numba
import numpy as np
import polars as pl

from injection.brick_files import brick_folder
from pixels.cards import FitsError
from udfs.code_digest import digest_of_code

ENTRY_MODULE = "injection.brick_job"
ID_LENGTH = 16  # hex digits of a part's name


@cache
def code_fingerprint() -> str:
    """Return a hash of the code that makes rows and pixels.

    Comments and docstrings do not count.
    """
    versions = f"numpy {np.__version__} numba {numba.__version__}"
    return hashlib.sha256(f"{versions}\n{digest_of_code(ENTRY_MODULE)}".encode()).hexdigest()


def files_fingerprint(coadds: str, brickname: str) -> str:
    """Return a hash of the contents of a brick's files.

    It serves bricks whose checksums nobody has noted.
    """
    digest = hashlib.sha256()
    try:
        folder = brick_folder(coadds, brickname)
    except FitsError:
        return ""
    for path in sorted(folder.glob("legacysurvey-*.fits.fz")):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()


def part_id(renders: pl.DataFrame, settings_fingerprint: str, files: list[str]) -> str:
    """Return the name of a part: a hash of everything it is made from.

    Parameters
    ----------
    renders : polars.DataFrame
        The part's renders, in order.
    settings_fingerprint : str
    files : list of str
        Hash of the contents of each brick's files, in the order of the bricks.
    """
    digest = hashlib.sha256(f"{code_fingerprint()} {settings_fingerprint}\n".encode())
    digest.update("\n".join(files).encode())
    digest.update(renders.write_ndjson().encode())
    return digest.hexdigest()[:ID_LENGTH]
