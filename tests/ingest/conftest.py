"""A lake of its own for every test, and a way to run the commands."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from store import lake
from tests.places import PROJECT
from tests.support.coadd_survey import TEMPLATE, copy_brick, write_brick
from tests.support.s3_server import make_bucket
from tests.support.servers import Orders, serving

QUICK = ("--first-delay", 0.01, "--host-delay", 0, "--timeout", 2)


def run_in_process(*arguments: object, **options: object) -> subprocess.Popen:
    """Starts ``python -m ingest`` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ingest", *map(str, arguments)], cwd=PROJECT, **options
    )


@pytest.fixture(scope="session")
def coadd_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a survey of two coadd bricks, to be left as it is."""
    root = tmp_path_factory.mktemp("coadd_survey")
    copy_brick(write_brick(root, TEMPLATE), "0003m002")
    return root


@pytest.fixture
def coadd_survey(coadd_template: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(coadd_template, tmp_path / "coadd_survey"))


@dataclass
class Station:
    """A lake, a survey behind a web server, and the commands."""

    run: Callable[..., int]
    query: Callable[..., list[tuple]]
    lake: Path
    survey: Path
    url: str
    orders: Orders
    has_tasks: bool = False

    def fetch(self, *arguments: object, network: tuple = ()) -> int:
        """Runs ``ingest coadds`` on the server, with tasks on one brick if none were written."""
        if not self.has_tasks:
            self.write_tasks(TEMPLATE)
        return self.run(*QUICK, *network, "coadds", "--source", self.url, *arguments)

    def write_tasks(self, *names: str) -> None:
        """Writes ``task_bricks``."""
        with lake.connect() as connection:
            connection.execute(
                "create or replace table task_bricks as "
                "select 'e' as experiment_id, unnest(?::varchar[]) as brickname",
                [list(names)],
            )
        self.has_tasks = True

    def outcome(self, name: str) -> tuple:
        """Whether a file or brick is well, why not, and the tries it took."""
        sql = "select is_ok, reason_code, n_tries from raw_outcomes where file_name = ?"
        [row] = self.query(sql, name)
        return row

    def cache(self, brick: str = TEMPLATE) -> Path:
        """The folder of a brick in the cache."""
        return self.lake / "coadds" / brick[:3] / brick

    def original(self, brick: str = TEMPLATE) -> Path:
        """The folder of a brick in the survey."""
        return self.survey / "south/coadd" / brick[:3] / brick


@pytest.fixture
def station(run, query, own_lake: Path, coadd_survey: Path) -> Iterator[Station]:
    """A station of its own for every test."""
    with serving(coadd_survey) as (url, orders):
        yield Station(run, query, own_lake, coadd_survey, url, orders)


@pytest.fixture
def s3_survey(s3_environment: str, coadd_survey: Path, tmp_path: Path) -> str:
    """The survey in a bucket of its own; its URL."""
    return make_bucket(
        s3_environment, re.sub(r"[^a-z0-9]+", "-", tmp_path.name.lower())[:50], coadd_survey
    )
