"""Pixels of a host as the survey gave them, read by CFITSIO: nothing of the stage's own reader."""

from pathlib import Path

import fitsio
import numpy as np
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import BIGINT, FLOAT, VARCHAR

from store.lake import coadd_root
from store.survey_files import brick_path, coadd_name

FUNCTION = "coadd_pixels"


def register(connection: DuckDBPyConnection) -> None:
    """Give a connection ``coadd_pixels(brickname, bandset, x0, y0, size)``, unless it has one."""
    known = "select 1 from duckdb_functions() where function_name = ?"
    if connection.execute(known, [FUNCTION]).fetchone():
        return
    connection.create_function(
        FUNCTION, cached_pixels, [VARCHAR, VARCHAR, BIGINT, BIGINT, BIGINT], f"{FLOAT}[]"
    )


def cached_pixels(brickname: str, bandset: str, x0_pix: int, y0_pix: int, size: int) -> list[float]:
    """A square of the coadds in the cache of the lake, as a stamp holds it.

    Parameters
    ----------
    brickname, bandset : str
    x0_pix, y0_pix, size : int, pixel

    Returns
    -------
    list of float
        float32 in (band, y, x) order; nothing when the cache does not hold the brick any more.
    """
    folder = coadd_root() / brick_path(brickname)
    paths = [folder / coadd_name(brickname, "image", band) for band in bandset]
    if not all(path.exists() for path in paths):
        return []
    planes = [_square(path, x0_pix, y0_pix, size) for path in paths]
    return np.stack(planes).ravel().tolist()


def _square(path: Path, x0_pix: int, y0_pix: int, size: int) -> np.ndarray:
    with fitsio.FITS(path) as hdus:
        image = next(hdu for hdu in hdus if hdu.has_data())
        return np.asarray(image[y0_pix : y0_pix + size, x0_pix : x0_pix + size], np.float32)
