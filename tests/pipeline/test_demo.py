"""The whole pipeline as a user runs it: the demo, the demo again, one worker, readers beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from expectations.registry import suites_of
from store import lake
from store.project import settings
from tests.places import PROJECT
from tests.support.once import made_once

DEMO_LAKE = "DHS_DEMO_LAKE"
BIN = Path(sys.executable).parent
# Times, rates and run ids live here and differ by nature (DESIGN.md section 4).
TABLES_OF_RUNS = {"runs", "injection_runs", "injection_basis", "injection_forecast", "raw_outcomes"}
TABLES_OF_RUNS |= {"stg_ingest_outcomes", "dbt_runs"}
# Sums of doubles are added in thread order: here, and only here, floats may differ in the last bits.
TABLES_OF_AVERAGES = ("completeness", "region_metrics", "region_selections", "recovery_thresholds")
TABLES_OF_AVERAGES += ("psf_provenance", "injection_gates", "shortcut", "cutout_gates", "finder")
AVERAGES_AGREE_TO = 1e-12


def environment(folder, **variables):
    return {
        **os.environ,
        "DHS_LAKE": str(folder),
        "DBT_TARGET_PATH": str(folder.parent / "target"),
        "DBT_LOG_PATH": str(folder.parent / "logs"),
        "DBT_PROFILES_DIR": str(PROJECT),
        **variables,
    }


def run(command, folder, **variables):
    """Run a command of the project with its lake in a folder; stop the test when it fails."""
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=PROJECT,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-3000:]
    return finished.stdout


def demo(folder):
    """`make demo` with the environment that runs the tests."""
    return run(["make", "demo", f"BIN={BIN}", "READY="], folder)


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory):
    """The lake of a finished demo: the one that DHS_DEMO_LAKE names, or a new one; read it only."""
    if DEMO_LAKE in os.environ:
        return (PROJECT / os.environ[DEMO_LAKE]).resolve()
    return made_once(tmp_path_factory, "demo", lambda folder: demo(folder / "lake")) / "lake"


@pytest.fixture
def own_copy(demo_lake, tmp_path):
    """A copy of the demo's lake that a test may write to."""
    copy = Path(shutil.copytree(demo_lake, tmp_path / "lake", symlinks=True))
    opening = copy / "open.sql"
    opening.write_text(opening.read_text().replace(str(demo_lake), str(copy)))
    return copy


def open_lake(folder):
    """The lake as `duckdb -init open.sql` opens it."""
    connection = duckdb.connect()
    for statement in (folder / "open.sql").read_text().split(";\n"):
        if statement.strip():
            connection.execute(statement)
    return connection


def tables_of(connection):
    return [
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'lake'"
            " union select view_name from duckdb_views()"
            " where database_name = 'lake' and not internal order by all"
        ).fetchall()
        if name not in TABLES_OF_RUNS
    ]


def rows_in_order(connection, table):
    """A table of averages as a frame, ordered by what is no double, then by doubles: a grid's first."""
    frame = connection.execute(f'select * from "{table}"').pl()
    return frame.sort(sorted(frame.columns, key=lambda name: frame.schema[name].is_float()))


def content(folder, only=None):
    """Of every table a digest that ignores the order of rows; tables of averages as frames."""
    with open_lake(folder) as connection:
        return {
            table: rows_in_order(connection, table)
            if table.startswith(TABLES_OF_AVERAGES)
            else connection.execute(
                f'select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from "{table}" t'
            ).fetchone()
            for table in tables_of(connection)
            if only is None or table in only
        }


def assert_same(before, after):
    assert before.keys() == after.keys()
    for table, rows in before.items():
        if isinstance(rows, pl.DataFrame):
            tolerances = {"rel_tol": AVERAGES_AGREE_TO, "abs_tol": AVERAGES_AGREE_TO}
            assert_frame_equal(rows, after[table], **tolerances)
        else:
            assert rows == after[table], table


@pytest.mark.demo
def test_every_published_table_answers_from_another_folder(demo_lake, tmp_path):
    tables = [suite.table for _, suite in suites_of((), settings())]
    assert len(tables) > 30
    counts = " union all ".join(f"select '{t}', count(*) from \"{t}\"" for t in tables)
    command = [BIN / "duckdb", "-init", demo_lake / "open.sql", "-csv", "-noheader", "-c", counts]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    rows = dict(line.rsplit(",", 1) for line in answer.stdout.split())
    assert set(rows) == set(tables)
    # The embedded survey's bricks at borders of cells hold no galaxy of the parent variant.
    assert [t for t, n in rows.items() if int(n) == 0] == ["border_splits"]


@pytest.mark.nightly
def test_a_second_demo_changes_nothing(own_copy):
    before = content(own_copy)
    assert len(before) > 60
    demo(own_copy)
    assert_same(before, content(own_copy))


@pytest.mark.nightly
def test_the_number_of_workers_changes_nothing(demo_lake, own_copy):
    copy = own_copy
    for made_by_workers in ("stamps", "injection_rows"):
        shutil.rmtree(copy / made_by_workers)
    run([BIN / "dbt", "build", "--full-refresh", "-s", "injections"], copy, DHS_WORKERS="1")
    tables = {"injections", "stamps", "render_stamps"}
    with_one = content(copy, only=tables)
    assert len(with_one) == len(tables)
    assert_same(with_one, content(demo_lake, only=tables))


@pytest.mark.demo
def test_readers_are_served_while_a_stage_runs(own_copy):
    writer = subprocess.Popen(
        [BIN / "dbt", "build", "--full-refresh", "--select", "parents"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(own_copy),
    )
    n_reads = 0
    while writer.poll() is None:
        with open_lake(own_copy) as connection:
            assert connection.execute("select count(*) from parent_galaxies").fetchone()[0] > 0
            assert connection.execute("select count(*) from stamps").fetchone()[0] > 0
        n_reads += 1
    said, _ = writer.communicate()
    assert writer.returncode == 0, said
    assert n_reads > 3


@pytest.mark.demo
def test_the_demo_says_what_the_lake_is_for(demo_lake):
    assert lake.CATALOG_FILE in (demo_lake / "open.sql").read_text()
    assert (demo_lake / "reports" / "index.html").stat().st_size < 20e6
