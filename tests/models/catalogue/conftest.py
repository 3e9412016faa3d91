"""A small made-up catalogue across cell borders and RA 0, and dbt on lakes of it."""

import os
import shutil

import pytest

from store import lake
from tests.support import catalogue_survey
from tests.support.dbt_process import run_dbt
from tests.support.once import made_once

STAGES = ("staging", "regions", "parents", "manifests")
# Cells of all three splits, their borders, both sides of RA 0, and the south pole.
FOOTPRINT = (
    "(abs(dec) < 2.5 and (ra < 2.5 or ra > 357.5)) or (dec between 30 and 31.5 and"
    " ra between 100 and 112) or dec < -89.3"
)
SOURCES_PER_BRICK = 60
TASKS = "select * from injection_tasks order by task_id"


class Lake:
    """A lake of a test: dbt commands and queries on it."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "lake"

    def connect(self, read_only=True):
        os.environ["DHS_LAKE"] = str(self.path)
        try:
            return lake.connect(read_only=read_only)
        finally:
            del os.environ["DHS_LAKE"]

    def rows(self, query):
        with self.connect() as connection:
            return connection.execute(query).fetchall()

    def table(self, query):
        with self.connect() as connection:
            return connection.execute(query).pl()

    def dbt(self, *arguments, **environment):
        """Run dbt; return the finished process with its output."""
        return run_dbt(self.folder, *arguments, **environment)

    def run(self, *arguments, **environment):
        """Seed and run the catalogue stages; return the output of dbt."""
        finished = self.dbt(
            "build",
            "--select",
            *STAGES,
            "--exclude-resource-type",
            "test",
            "unit_test",
            *arguments,
            **environment,
        )
        assert finished.returncode == 0, finished.stdout[-4000:]
        return finished.stdout

    def copy(self, folder):
        """Copy the lake into another folder; return the copy."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Lake(folder)


def write_raw_tables(scratch, order="brickid, objid"):
    """Write the raw tables of the made-up catalogue, in some order."""
    with scratch.connect(read_only=False) as connection:
        catalogue_survey.write_bricks(connection, "raw_bricks", FOOTPRINT)
        catalogue_survey.write_sources(connection, "drawn", "raw_bricks", SOURCES_PER_BRICK)
        connection.execute(f"create table raw_sources as from drawn order by {order}")
        connection.execute("drop table drawn")
        connection.execute(
            "create table raw_known_lenses as select 'L' || brickid || '-' || objid as name,"
            " ra + 0.001 as ra, dec, '-' as zlens, 'galaxy' as type, 'confident' as grading,"
            " 'made up' as ref, false as is_cluster_list, 'lenses.csv' as source_file,"
            " row_number() over (order by brickid, objid) as row_index"
            " from raw_sources where objid = 7 and brickid % 3 = 0"
        )
        connection.execute(
            "create table raw_outcomes as select 'sweeps' as product, 'made-up.fits' as file_name,"
            " true as is_ok, null::varchar as reason_code, now() as finished_at"
        )


@pytest.fixture(scope="session")
def raw_lake(tmp_path_factory):
    """Make a lake with raw tables only; do not write to it."""
    return Lake(made_once(tmp_path_factory, "raw", lambda folder: write_raw_tables(Lake(folder))))


@pytest.fixture(scope="session")
def catalogue(raw_lake, tmp_path_factory):
    """Build the catalogue stages in a lake; read it, never write to it."""
    return Lake(
        made_once(tmp_path_factory, "catalogue", lambda folder: raw_lake.copy(folder).run())
    )


@pytest.fixture(scope="module")
def tasks(catalogue):
    """Return all tasks of the catalogue, in the order of their keys."""
    return catalogue.table(TASKS)
