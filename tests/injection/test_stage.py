"""The stage as a whole: rows in and out, resuming, workers, settings, misuse."""

import errno
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import polars as pl
import pytest

from injection import stage
from injection.part_files import ROWS_FOLDER, STAMPS_FOLDER, is_complete, write_part
from injection.plan import check_renders, parts, stream_renders
from injection.stage import check_result, rows_query, run_stage
from store.failures import CommandError, StageError, without_traceback
from tests.injection.conftest import DR6_BRICK
from tests.places import PROJECT
from tests.support.systems import renders, stage_settings

G_ONLY = {"bands": ["g"], "detection_band": "g"}
OTHER_BRICKS = ("0000p000", "1234m567", "../x")


def in_this_process(waiting, settings, lake, workers):
    """Stands in for the workers, which take seconds to start."""
    return (write_part(part, settings, lake) for part in waiting)


@pytest.fixture
def real_workers():
    """Asked for by the tests that are about workers."""


@pytest.fixture(autouse=True)
def _no_workers(request, monkeypatch):
    """Only the tests that are about workers have some."""
    if "real_workers" not in request.fixturenames:
        monkeypatch.setattr(stage, "_each_done", in_this_process)


@pytest.fixture
def frame(covered_positions):
    """Renders on a brick and on bricks that are not there."""
    names = (DR6_BRICK, *OTHER_BRICKS)
    return pl.concat([renders(name, *covered_positions, bandset="g") for name in names])


@pytest.fixture
def settings(written_coadds):
    """Settings that make every brick a part of its own."""
    return stage_settings(written_coadds, **G_ONLY, stamp_part_megabytes=1e-3)


def load(session, frame):
    """Make the tables of renders and tasks."""
    session.register("frame", frame.to_arrow())
    session.execute("create or replace table renders as from frame")
    session.execute("""
        create or replace table tasks as
        select
            render_id || '/' || wanted.experiment_id as task_id, render_id, brickname, bandset,
            wanted.experiment_id, wanted.stamp_size
        from (select *, unnest(experiments) as wanted from frame)
    """)


def contents(lake):
    """Names and bytes of all files of a lake."""
    return {
        str(path.relative_to(lake)): path.read_bytes() for path in sorted(lake.rglob("*.parquet"))
    }


def test_every_task_has_one_row_with_a_verdict(session, frame, settings, tmp_path):
    load(session, frame)
    paths = run_stage(session, "renders", settings, tmp_path).rows
    check_result(session.cursor(), "tasks", paths)
    query = rows_query("tasks", paths)
    counts = session.sql(
        f"select brickname, reason_code, count(*) from ({query}) group by all order by all"
    ).fetchall()
    assert counts == [
        ("../x", "bad_brick_name", 16),
        ("0000p000", "file_missing", 16),
        (DR6_BRICK, "no_maskbits", 16),
        ("1234m567", "file_missing", 16),
    ]


def test_stamps_are_written_once_for_each_experiment_that_wants_them(
    session, frame, settings, tmp_path
):
    load(session, frame)
    run_stage(session, "renders", settings, tmp_path)
    stamps = session.sql(
        f"from read_parquet('{tmp_path}/{STAMPS_FOLDER}/*/*.parquet', hive_partitioning = true)"
    ).pl()
    assert stamps.select("render_id", "experiment_id").is_unique().all()
    expected = [("train_stamp64", 8, 64 * 64), ("train_stamp96", 8, 96 * 96)]
    found = stamps.group_by("experiment_id").agg(pl.len(), pl.col("pixels").list.len().first())
    assert sorted(found.rows()) == expected


def test_a_second_run_does_nothing_and_gives_the_same(session, frame, settings, tmp_path):
    load(session, frame)
    first = run_stage(session, "renders", settings, tmp_path).rows
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    second = run_stage(session, "renders", settings, tmp_path)
    assert second.rows == first
    assert second.new.n_renders == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


@pytest.mark.usefixtures("real_workers")
def test_one_worker_and_two_write_the_same_bytes(session, frame, settings, tmp_path, monkeypatch):
    load(session, frame)
    for workers in ("1", "2"):
        monkeypatch.setenv(stage.WORKERS_VARIABLE, workers)
        run_stage(session, "renders", settings, tmp_path / workers)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "1")) == len(OTHER_BRICKS) + 1 + 2


def test_only_what_a_change_affects_is_done_again(session, frame, settings, tmp_path):
    load(session, frame)
    before = run_stage(session, "renders", settings, tmp_path).rows
    changed = (pl.col("render_id") == frame["render_id"][0]) | pl.col("is_control")
    load(session, frame.with_columns(src_r_mag=pl.when(changed).then(20.0).otherwise("src_r_mag")))
    after = run_stage(session, "renders", settings, tmp_path).rows
    assert [old == new for old, new in zip(before, after, strict=True)] == 4 * [False]
    one_brick = pl.col("brickname") == OTHER_BRICKS[0]
    load(session, frame.with_columns(ebv=pl.when(one_brick).then(0.2).otherwise("ebv")))
    after = run_stage(session, "renders", settings, tmp_path).rows
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize(
    "change",
    [{"psf_moffat_beta": 3.0}, {"poisson_noise": True}, {"seed": 14}, {"metrics_only": True}],
)
def test_changed_choices_change_every_part(frame, settings, written_coadds, change):
    changed = stage_settings(written_coadds, **G_ONLY, stamp_part_megabytes=1e-3, **change)
    bricks = frame.sort("brickname").partition_by("brickname", maintain_order=True)
    old, new = ({part.part_id for part in parts(bricks, each)} for each in (settings, changed))
    assert len(old) == len(new) == 4
    assert not old & new


def test_the_place_of_the_cache_changes_nothing(frame, settings, written_coadds):
    moved = stage_settings(f"{written_coadds}/../coadd", **G_ONLY, stamp_part_megabytes=1e-3)
    bricks = frame.sort("brickname").partition_by("brickname", maintain_order=True)
    old, new = ([part.part_id for part in parts(bricks, each)] for each in (settings, moved))
    assert old == new


def test_metrics_only_writes_no_stamps_and_the_same_rows(session, frame, settings, tmp_path,
                                                         written_coadds):  # fmt: skip
    load(session, frame)
    only = stage_settings(written_coadds, **G_ONLY, metrics_only=True)
    tables = [
        session.sql(rows_query("tasks", run_stage(session, "renders", each, tmp_path / name).rows))
        .pl().drop("part_id", "metrics_only").sort("task_id")
        for name, each in (("full", settings), ("only", only))
    ]  # fmt: skip
    assert tables[0].equals(tables[1])
    assert not (tmp_path / "only" / STAMPS_FOLDER).exists()


def test_a_missing_stamp_file_makes_its_part_unfinished(session, frame, settings, tmp_path):
    load(session, frame)
    paths = run_stage(session, "renders", settings, tmp_path).rows
    before = contents(tmp_path)
    (victim,) = (tmp_path / STAMPS_FOLDER / "experiment_id=train_stamp64").glob("*.parquet")
    victim.unlink()
    ids = [path.stem.removeprefix("part-") for path in paths]
    assert [is_complete(tmp_path, part) for part in ids].count(False) == 1
    run_stage(session, "renders", settings, tmp_path)
    assert contents(tmp_path) == before


KILLED_RUN = """
import sys, time
import duckdb
from pathlib import Path
from injection import stage
from injection.part_files import write_part
from tests.support.systems import stage_settings

def slowly(waiting, settings, lake, workers):
    for part in waiting:
        yield write_part(part, settings, lake)
        print("part", flush=True)
        time.sleep(60)

stage._each_done = slowly
session = duckdb.connect()
session.execute(f"create table renders as from '{sys.argv[1]}'")
settings = stage_settings(
    sys.argv[2], bands=["g"], detection_band="g", stamp_part_megabytes=1e-3
)
stage.run_stage(session, "renders", settings, Path(sys.argv[3]))
"""


def test_a_killed_run_loses_no_finished_part_and_leaves_nothing_half_written(
    session, frame, settings, tmp_path
):
    table, lake, whole = tmp_path / "renders.parquet", tmp_path / "killed", tmp_path / "whole"
    frame.write_parquet(table)
    command = [sys.executable, "-c", KILLED_RUN, str(table), settings.coadds, str(lake)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "part\n"
        process.send_signal(signal.SIGKILL)
    finished = {path: path.stat().st_mtime_ns for path in lake.rglob("*.parquet")}
    assert len(list((lake / ROWS_FOLDER).glob("part-*.parquet"))) == 1
    (lake / ROWS_FOLDER / ".part-x.parquet.1.partial").write_bytes(b"half")
    load(session, frame)
    run_stage(session, "renders", settings, lake)
    run_stage(session, "renders", settings, whole)
    assert contents(lake) == contents(whole)
    assert all(path.stat().st_mtime_ns == when for path, when in finished.items())
    assert not list(lake.rglob("*.partial"))


@pytest.mark.usefixtures("real_workers")
def test_a_killed_worker_is_one_sentence(session, frame, settings, tmp_path, monkeypatch):
    load(session, frame)
    monkeypatch.setattr(stage, "write_part", kill_this_process)
    with pytest.raises(StageError, match="a worker was killed"):
        run_stage(session, "renders", settings, tmp_path)


def kill_this_process(*_):
    """Stands in for a worker that the system ends for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_bricks_keep_their_parts_when_another_brick_changes(covered_positions, written_coadds):
    names = [f"{n:04d}p000" for n in range(60)]
    bricks = [renders(name, *covered_positions, bandset="g") for name in names]
    settings = stage_settings(written_coadds, **G_ONLY, stamp_part_megabytes=1.5)
    old = [part.renders["brickname"].unique().sort().to_list() for part in parts(bricks, settings)]
    bricks[30] = bricks[30][:2]
    new = [part.renders["brickname"].unique().sort().to_list() for part in parts(bricks, settings)]
    assert 5 < len(old) < 40
    assert sum(part not in new for part in old) <= 2
    assert [name for part in new for name in part] == names


def test_a_part_holds_no_more_than_four_times_its_size(covered_positions, written_coadds):
    bricks = [renders(f"{n:04d}p000", *covered_positions, bandset="g") for n in range(200)]
    settings = stage_settings(written_coadds, **G_ONLY, stamp_part_megabytes=2)
    brick_bytes = 8 * (64**2 + 96**2) * 4
    largest = max(part.renders["brickname"].n_unique() for part in parts(bricks, settings))
    assert (largest - 1) * brick_bytes < 4 * settings.part_bytes


def test_a_reader_that_shares_its_connection_is_caught_losing_rows(session, covered_positions):
    """duckdb 1.5.5 ends an open Arrow reader, without an error, when its connection is used."""
    n_rows = 300_000
    session.execute(f"""
        create table renders as
        select
            printf('%04dp000', i // 100) as brickname, 'g' as bandset, i::varchar as render_id
        from range({n_rows}) as numbers (i)
    """)
    own = stream_renders(session.cursor(), "renders", n_rows)
    first = len(next(own))
    session.execute("select 1").fetchall()
    assert first + sum(len(brick) for brick in own) == n_rows
    shared = stream_renders(session, "renders", n_rows)
    next(shared)
    session.execute("select 1").fetchall()
    with pytest.raises(StageError, match="renders were read where 300000 are"):
        list(shared)


def test_a_lost_row_stops_the_stage(session, frame, settings, tmp_path):
    load(session, frame)
    paths = run_stage(session, "renders", settings, tmp_path).rows
    with pytest.raises(StageError, match="of them with a verdict"):
        check_result(session.cursor(), "tasks", paths[1:])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop("src_n"), "lacks the column src_n"),
        (lambda frame: pl.concat([frame, frame[:1]]), "two sets of parameters"),
    ],
)
def test_renders_that_make_no_sense_are_refused(session, frame, settings, change, message):
    load(session, change(frame))
    with pytest.raises(StageError, match=message):
        check_renders(session.cursor(), "renders", settings)


def test_a_stamp_size_that_is_no_choice_is_refused(session, frame, written_coadds):
    load(session, frame)
    settings = stage_settings(written_coadds, **G_ONLY, stamp_sizes=[64])
    with pytest.raises(StageError, match="stamps of 96 pixels, var stamp_sizes has"):
        check_renders(session.cursor(), "renders", settings)


def test_no_tasks_are_refused(session, frame, settings, tmp_path):
    load(session, frame[:0])
    with pytest.raises(StageError, match="empty"):
        rows_query("tasks", run_stage(session, "renders", settings, tmp_path).rows)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (StageError("12 tasks went in, 11 came out"), "12 tasks went in, 11 came out"),
        (CommandError("DHS_WORKERS=two: give a number"), "DHS_WORKERS=two: give a number"),
        (OSError(errno.ENOSPC, "no space"), "the disk of /lake is full: finished parts are kept"),
    ],
)
def test_what_a_user_can_mend_is_a_sentence_without_a_traceback(failure, sentence, monkeypatch):
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    with pytest.raises(StageError) as raised, without_traceback(Path("/lake")):
        raise failure
    shown = "".join(traceback.format_exception(raised.value))
    assert sentence in shown
    assert "File" not in shown


def test_another_failure_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    with pytest.raises(OSError, match="odd") as raised, without_traceback(Path("/lake")):
        raise OSError(errno.EIO, "odd")
    assert "File" in "".join(traceback.format_exception(raised.value))
