"""Survey pixels of a host, read by CFITSIO and not by the stage's reader."""

from pathlib import Path

import fitsio
import numpy as np
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import BIGINT, FLOAT, VARCHAR

from store.lake import coadd_root
from store.survey_files import brick_path, coadd_name

FUNCTION = "coadd_pixels"


def register(connection: DuckDBPyConnection) -> None:
    """Register ``coadd_pixels`` on a connection that lacks it.

    In SQL: ``coadd_pixels(brickname, bandset, x0_pix, y0_pix, size)``.
    """
    known = "select 1 from duckdb_functions() where function_name = ?"
    if connection.execute(known, [FUNCTION]).fetchone():
        return
    connection.create_function(
        FUNCTION, cached_pixels, [VARCHAR, VARCHAR, BIGINT, BIGINT, BIGINT], f"{FLOAT}[]"
    )


def cached_pixels(brickname: str, bandset: str, x0_pix: int, y0_pix: int, size: int) -> list[float]:
    """Return a square of the cached coadds, in the order of a stamp.

    Parameters
    ----------
    brickname, bandset : str
    x0_pix, y0_pix : int
        Lower left pixel of the square in the brick, counted from 0.
    size : int
        Side of the square, pixels.

    Returns
    -------
    list of float, (n_bands * size * size,)
        float32 in nanomaggies, in (band, y, x) order; empty when the brick is no longer cached.
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
