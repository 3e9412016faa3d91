"""Manifests stay the same: whatever else is asked for, in any order, run after run."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.models.catalogue.conftest import TASKS, Lake, write_raw_tables


@pytest.mark.nightly
def test_tasks_that_are_sorted_in_parts_are_the_same_in_the_same_order(catalogue, tmp_path_factory):
    in_parts = catalogue.copy(tmp_path_factory.mktemp("parts"))
    finished = in_parts.dbt(
        "run", "--select", "injection_tasks", "--vars", "{tasks_per_part: 3000}"
    )
    assert finished.returncode == 0, finished.stdout
    compiled = in_parts.folder.rglob("compiled/**/models/manifests/injection_tasks.sql")
    assert next(compiled).read_text().count("next part") > 1
    whole = "select * from injection_tasks"
    assert_frame_equal(in_parts.table(whole), catalogue.table(whole), check_exact=True)


@pytest.mark.nightly
def test_order_of_the_input_and_threads_change_nothing(tasks, tmp_path_factory):
    other = Lake(tmp_path_factory.mktemp("shuffled"))
    write_raw_tables(other, order="hash(objid, brickid)")
    other.run(DHS_WORKERS="1")
    assert_frame_equal(other.table(TASKS), tasks, check_exact=True)


@pytest.mark.nightly
def test_what_is_added_leaves_the_rest_as_it_was(catalogue, tasks, tmp_path_factory):
    """Ask for fewer tiers, sizes and sets: the rows left are bit-identical."""
    less = catalogue.copy(tmp_path_factory.mktemp("less"))
    less.dbt(
        "run",
        "--select",
        "manifests",
        "--vars",
        "{tiers: [debug, train], stamp_sizes: [96],"
        " selection_sets: [topk_n_lrg_k100, strat_custom_density_k75]}",
    )
    fewer = less.table(TASKS)
    assert 500 < fewer.height < tasks.height
    assert set(fewer["tier"]) == {"debug", "train"}
    remaining = tasks.filter(pl.col("task_id").is_in(fewer["task_id"].implode()))
    assert_frame_equal(fewer, remaining, check_exact=True)


@pytest.mark.nightly
def test_new_sweeps_keep_the_draws_and_the_old_snapshot(catalogue, tmp_path_factory):
    grown = catalogue.copy(tmp_path_factory.mktemp("grown"))
    before = grown.table("select * from systems order by render_id")
    version, n_before = grown.rows(
        "select (select max(snapshot_id) from lake.snapshots()), count(*) from injection_tasks"
    )[0]
    with grown.connect(read_only=False) as connection:
        connection.execute(
            "insert into raw_sources select * replace (objid + 1000 as objid, 'new.fits' as sweep_file)"
            " from raw_sources where objid < 5"
        )
    assert "SETTLED" in grown.run()
    after = grown.table("select * from systems order by render_id")
    common = set(before["render_id"]) & set(after["render_id"])
    assert 0 < len(common) < len(before)
    kept = [frame.filter(pl.col("render_id").is_in(list(common))) for frame in (before, after)]
    assert_frame_equal(*kept, check_exact=True)
    old = grown.rows(f"select count(*) from injection_tasks at (version => {version})")
    assert old == [(n_before,)]


def test_a_second_run_leaves_everything_alone(catalogue, tmp_path_factory):
    again = catalogue.copy(tmp_path_factory.mktemp("again"))
    output = again.run()
    built = [line for line in output.splitlines() if "OK created sql settled model" in line]
    assert len(built) == 24
    assert all("SETTLED" in line for line in built)
    good = "bool_and(n_ok > 0 and n_failed = 0 and n_skipped = 0)"
    assert again.rows(f"select count(*), {good} from runs") == [(2, True)]
