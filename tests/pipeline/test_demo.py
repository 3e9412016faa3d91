"""The whole pipeline, run as a user runs it: the demo, the demo again, other workers, readers beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingest import lake

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# Averages are sums of doubles in thread order; everything else is the same to the bit.
FLOAT_TABLES = (
    "completeness",
    "region_metrics",
    "region_selections",
    "shortcut_scores",
    "cutout_gates",
)
# Times, rates and run ids live here and differ by nature.
RUN_TABLES = ("runs", "raw_outcomes", "stg_ingest_outcomes", "coadd_files", "coadd_bricks")


def run(command, folder, **variables):
    """Run a command of the project with its lake in a folder; stop the test when it fails."""
    environment = {
        **os.environ,
        "DHS_LAKE": str(folder),
        "DBT_TARGET_PATH": str(folder.parent / "target"),
        "DBT_LOG_PATH": str(folder.parent / "logs"),
        **variables,
    }
    finished = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-3000:]
    return finished.stdout


def demo(folder, **variables):
    """`make demo` with the environment that runs the tests."""
    return run(["make", "demo", f"BIN={BIN}", "READY="], folder, **variables)


@pytest.fixture(scope="module")
def demo_lake(tmp_path_factory, embedded_survey):
    folder = tmp_path_factory.mktemp("demo") / "lake"
    folder.mkdir()
    (folder / "survey").symlink_to(embedded_survey)
    demo(folder)
    return folder


def open_lake(folder):
    connection = duckdb.connect()
    lake.load_extensions(connection)
    for statement in (folder / "open.sql").read_text().split(";\n"):
        if statement.strip() and not statement.startswith("load"):
            connection.execute(statement)
    return connection


def digests(folder, only=None):
    """Rows and an order-free digest of every published table; tables of runs and averages apart."""
    with open_lake(folder) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'lake' union all select view_name from duckdb_views() where database_name = 'lake' and not internal"
            ).fetchall()
        ]
        return {
            table: connection.execute(
                f'select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from "{table}" t'
            ).fetchone()
            for table in sorted(tables)
            if (only is None or table in only)
            and table not in RUN_TABLES
            and not table.startswith(FLOAT_TABLES)
        }


def test_every_published_table_answers_from_another_folder(demo_lake, tmp_path):
    from expectations.registry import published_tables  # noqa: PLC0415  (heavy import)

    for table in published_tables():
        answer = subprocess.run(
            [
                BIN / "duckdb",
                "-init",
                demo_lake / "open.sql",
                "-csv",
                "-c",
                f'select count(*) from "{table}"',
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(answer.stdout.split()[-1]) >= 0, table


def test_a_second_demo_changes_nothing(demo_lake):
    before = digests(demo_lake)
    assert len(before) > 20
    demo(demo_lake)
    assert digests(demo_lake) == before


def test_the_number_of_workers_changes_nothing(demo_lake, tmp_path):
    copy = tmp_path / "lake"
    shutil.copytree(demo_lake, copy, symlinks=True, ignore=shutil.ignore_patterns("reports"))
    shutil.rmtree(copy / "stamps")
    run([BIN / "dbt", "build", "--full-refresh", "--select", "injections"], copy, DHS_WORKERS="1")
    with_one = digests(copy, only={"injections", "stamps", "render_stamps"})
    assert len(with_one) == 3
    assert with_one == digests(demo_lake, only=set(with_one))


def test_readers_are_served_while_a_stage_runs(demo_lake):
    writer = subprocess.Popen(
        [BIN / "dbt", "build", "--full-refresh", "--select", "parents"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "DHS_LAKE": str(demo_lake),
            "DBT_TARGET_PATH": str(demo_lake.parent / "target"),
        },
    )
    n_reads = 0
    while writer.poll() is None:
        with open_lake(demo_lake) as connection:
            assert connection.execute("select count(*) from parent_galaxies").fetchone()[0] > 0
        n_reads += 1
    assert writer.returncode == 0, writer.stdout.read()
    assert n_reads > 3
