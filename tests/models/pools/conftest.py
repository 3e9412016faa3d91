"""Lakes of the small catalogue, built once per rule set by dbt."""

import json
import subprocess
from pathlib import Path

import duckdb
import pytest

from store import lake
from tests.models.pools import sky_catalogue
from tests.support.dbt_process import run_dbt
from tests.support.once import made_once

# Of an earlier finder: a tenth above the limit of 0.4, a tenth at it; the others have none.
EARLIER_SCORES = """
    insert into raw_finder_scores by name
    select
        if(objid % 20 = 3, 'galaxy', 'cutout') as object_kind,
        brickname || '_' || objid as object_id,
        'earlier' as finder,
        if(objid % 10 = 3, 0.41, 0.4)::double as score
    from raw_sources where objid % 10 in (3, 4)
    union all by name
    select 'task' as object_kind, '1000m000_5' as object_id, 'earlier' as finder, 0.9 as score
    union all by name
    select 'galaxy' as object_kind, '1000m000_5' as object_id, 'other' as finder, 0.9 as score
"""
# Two experiments have tasks in every brick but two.
TASK_BRICKS = """
    create table task_bricks as
    select brickname, unnest(['one', 'two']) as experiment_id
    from (select distinct brickname from raw_sources)
    where brickname not in ('1000m000', '1003m003')
"""
STAGES = "stg_sources stg_known_lenses stg_bricks split_cells path:seeds/pools pools"


def dbt(command: list[str], root: Path, settings: dict) -> subprocess.CompletedProcess:
    """Run dbt with vars on the lake at a folder."""
    return run_dbt(root, *command, "--vars", json.dumps(settings))


class Catalogue:
    """The columns that went in, and a read-only connection to what dbt made of them."""

    def __init__(self, root: Path):
        self.sources, self.lenses = sky_catalogue.raw_columns()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DHS_LAKE", str(root / "lake"))
            self.lake: duckdb.DuckDBPyConnection = lake.connect(read_only=True)

    def rows(self, query: str) -> list[tuple]:
        """Return the rows of a query on the lake."""
        return self.lake.execute(query).fetchall()

    def columns(self, query: str) -> dict:
        """Return them as numpy arrays by name; null numbers are masked."""
        return self.lake.execute(query).fetchnumpy()


def build(root: Path, settings: dict) -> None:
    """Write the raw tables, and build the stages on them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DHS_LAKE", str(root / "lake"))
        with lake.connect() as connection:
            sky_catalogue.write_raw_tables(connection)
            connection.execute("create table sampled_galaxies (brickid integer, objid integer)")
            connection.execute(TASK_BRICKS)
            connection.execute(EARLIER_SCORES)
    command = ["build", "--resource-type", "model", "--resource-type", "seed", "--select", STAGES]
    run = dbt(command, root, settings)
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.fixture(scope="session")
def paper_iv(tmp_path_factory):
    """Build the pools with the default rule sets; read the lake, never write to it."""
    settings = {"pool_negatives_per_positive": 5, "pool_earlier_finder": "earlier"}
    return Catalogue(
        made_once(tmp_path_factory, "paper_iv", lambda folder: build(folder, settings))
    )


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """Build them with the original rule sets and an optional cut; read only."""
    settings = {"pool_rule_set": "original", "confuser_rule_set": "original"}
    settings |= {"pool_optional_cuts": ["extinction"]}
    return Catalogue(
        made_once(tmp_path_factory, "original", lambda folder: build(folder, settings))
    )
