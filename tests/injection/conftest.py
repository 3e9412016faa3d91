"""The real coadd brick, and small lakes for the injection stage."""

import duckdb
import numpy as np
import pytest

from injection.brick_files import open_brick
from pixels.wcs import sky_from_pixel
from tests.places import REAL

REAL_BRICK = "0959p805"


@pytest.fixture(scope="session")
def real_coadds():
    """Root of the real DR6 brick's files: g with 12 % of its pixels covered, z almost empty."""
    root = REAL / "desitarget/dr6/coadd"
    if not root.is_dir():
        pytest.skip(f"no real survey files at {REAL}")
    return root


@pytest.fixture(scope="session")
def covered_positions(real_coadds):
    """Sky positions on covered pixels of the real brick, away from its border."""
    brick = open_brick(str(real_coadds), REAL_BRICK, ("g",), use_psfsize_maps=False)
    rng = np.random.default_rng(5)
    return sky_from_pixel(brick.wcs, rng.uniform(60, 700, 8), rng.uniform(60, 1700, 8))


@pytest.fixture
def session():
    """A DuckDB connection."""
    with duckdb.connect() as connection:
        yield connection
