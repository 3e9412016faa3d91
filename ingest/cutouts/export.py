"""Cutouts as single files, for the training code of the lens finder."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from ingest.cutouts.parts import TABLE
from store.failures import CommandError
from store.files import written_whole
from store.progress import Progress

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
ROWS_AT_A_TIME = 256


def export_npz(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> int:
    """Write ``<galaxy_id>.npz`` for every cutout; return their number.

    Parameters
    ----------
    table : str
        Its columns are added as ``meta_*``.

    Returns
    -------
    int
        Number of files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counted = connection.execute(f"select count(*) from {TABLE}").fetchone()
    cursor = connection.cursor()
    cursor.execute("use lake")
    rows = cursor.execute(
        f"select {TABLE}.*, objects.* exclude (galaxy_id, brickname, ra, dec) "
        f"from {TABLE} left join {table} as objects using (galaxy_id)"
    )
    names = [column[0] for column in rows.description or []]
    n_written = 0
    with Progress("npz", counted[0] if counted else 0, "file") as progress:
        while chunk := rows.fetchmany(ROWS_AT_A_TIME):
            for values in chunk:
                _write(folder, dict(zip(names, values, strict=True)))
            n_written += len(chunk)
            progress.add(len(chunk))
    if not counted or n_written != counted[0]:
        raise CommandError(f"{n_written} of {counted} cutouts were exported: run it again")
    return n_written


def _meta(value: object) -> np.ndarray:
    """Return a value as an array that loads without pickle; '' for null."""
    if isinstance(value, Decimal):
        return np.array(float(value))
    array = np.array("" if value is None else value)
    return array if array.dtype != object else np.array(str(value))


def _write(folder: Path, row: dict) -> None:
    """Write one cutout and its metadata to a file."""
    name = str(row["galaxy_id"])
    if not SAFE_NAME.fullmatch(name):
        raise CommandError(f"{name!r} cannot be a file name: its cutout was not exported")
    pixels = np.array(row.pop("pixels"), dtype=np.float32)
    shape = (len(row["bands"]), row["size_pix"], row["size_pix"])
    arrays: dict[str, Any] = {f"meta_{key}": _meta(value) for key, value in row.items()}
    arrays["cutout"] = np.moveaxis(pixels.reshape(shape), 0, -1)
    with written_whole(folder / f"{name}.npz") as path, path.open("wb") as file:
        np.savez_compressed(file, **arrays)
