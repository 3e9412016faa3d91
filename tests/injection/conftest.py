"""A brick like those of DR6, written and real, and small lakes for the injection stage."""

import duckdb
import pytest

from tests.places import REAL_COADDS
from tests.support import dr6_brick

DR6_BRICK = dr6_brick.NAME


@pytest.fixture(scope="session")
def written_coadds(tmp_path_factory):
    """Root of a brick's files that are written here; read it, never write to it."""
    return dr6_brick.write_dr6_brick(tmp_path_factory.mktemp("dr6") / "coadd")


@pytest.fixture(scope="session", params=["written", pytest.param("real", marks=pytest.mark.real)])
def dr6_coadds(request):
    """Root of the files of a DR6 brick: g with 12 % of its pixels covered, z almost empty."""
    return REAL_COADDS if request.param == "real" else request.getfixturevalue("written_coadds")


@pytest.fixture(scope="session")
def covered_positions():
    """Sky positions on covered pixels of either brick, away from their border."""
    return dr6_brick.covered_positions()


@pytest.fixture
def session():
    """A DuckDB connection."""
    with duckdb.connect() as connection:
        yield connection
