"""The injection stage: renders in, part files with metrics and pixels out."""

import itertools
import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

import duckdb

from injection.part_files import is_complete, remove_part_leftovers, rows_path, write_part
from injection.plan import Part, check_renders, parts, stream_renders
from injection.runs import Done
from injection.settings import StageSettings
from store.failures import StageError
from store.lake import how_to_look, sql_text
from store.progress import Progress
from store.workers import WORKERS_VARIABLE, local_workers
from udfs.compiled import compile_all, load_all


@dataclass(frozen=True)
class Outcome:
    """What a run of the stage leaves.

    Parameters
    ----------
    rows : list of Path
        The files with the metric rows of all parts, new and old, in the order of the bricks.
    new : Done
        What was done now.
    workers : int
    seconds : float
    """

    rows: list[Path]
    new: Done
    workers: int
    seconds: float


def run_stage(
    session: duckdb.DuckDBPyConnection,
    renders: str,
    settings: StageSettings,
    lake: Path,
) -> "Outcome":
    """Do every render that is not done yet.

    Parameters
    ----------
    session : duckdb.DuckDBPyConnection
        Only cursors of it are used.
    renders : str
        Name of the table of renders: key, truth, and the experiments that want the stamps.
    settings : StageSettings
    lake : Path
        Root of the lake.

    Returns
    -------
    Outcome

    Raises
    ------
    StageError
        When rows got lost, or the renders contradict themselves.
    """
    workers = local_workers()
    remove_part_leftovers(lake)
    n_renders = check_renders(session.cursor(), renders, settings)
    bricks = stream_renders(session.cursor(), renders, n_renders)
    all_parts: list[Path] = []
    new, started = Done(), time.monotonic()
    progress = Progress("injections", n_renders, "render")

    def unfinished() -> Iterator[Part]:
        """Yield the parts that are not complete; take note of every part."""
        for part in parts(bricks, settings):
            all_parts.append(rows_path(lake, part.part_id))
            if is_complete(lake, part.part_id):
                progress.add(len(part.renders), is_new=False)
            else:
                yield part

    with progress:
        for done in _each_done(unfinished(), settings, lake, workers):
            new.add(done)
            progress.add(done.n_renders)
    _check_rows(session.cursor(), all_parts, n_renders, settings)
    seconds = time.monotonic() - started
    print(
        f"injections: {n_renders} renders in {len(all_parts)} parts, {new.n_renders} of them done "
        f"now in {seconds:.1f} s\n{how_to_look('from injection_gates; from stamps limit 1')}"
    )
    return Outcome(all_parts, new, workers, seconds)


def rows_query(tasks: str, paths: Iterable[Path]) -> str:
    """Return the SQL for every task with its metric row.

    Parameters
    ----------
    tasks : str
        Name of a table or view of tasks.
    paths : iterable of Path
        Files with the metric rows.

    Raises
    ------
    StageError
        When there are no files.
    """
    files = ", ".join(sql_text(str(path)) for path in paths)
    if not files:
        raise StageError(f"{tasks} is empty: build the stages before this one")
    return f"""
        select tasks.*, metric_rows.* exclude (render_id, bandset, stamp_size)
        from {tasks} as tasks
        left join read_parquet([{files}]) as metric_rows
            using (render_id, bandset, stamp_size)
    """


def check_result(cursor: duckdb.DuckDBPyConnection, tasks: str, paths: Iterable[Path]) -> None:
    """Check that every task has exactly one metric row with a verdict.

    Parameters
    ----------
    cursor : duckdb.DuckDBPyConnection
    tasks : str
        Name of a table or view of tasks.
    paths : iterable of Path
        Files with the metric rows.

    Raises
    ------
    StageError
        When a task has none, or more than one.
    """
    [(n_tasks,)] = cursor.execute(f"select count(*) from {tasks}").fetchall()
    [(n_rows, n_judged)] = cursor.execute(
        f"select count(*), count(cutout_ok) from ({rows_query(tasks, paths)})"
    ).fetchall()
    if not n_tasks == n_rows == n_judged:
        raise StageError(
            f"{n_tasks} tasks went in, {n_rows} rows came out, {n_judged} of them with a verdict"
        )


def _each_done(
    waiting: Iterator[Part], settings: StageSettings, lake: Path, workers: int
) -> Iterator[Done]:
    """Write the parts, in as many processes as there are workers."""
    first = list(itertools.islice(waiting, workers))
    if not first:
        return
    waiting = itertools.chain(first, waiting)
    compile_all()
    pool = ProcessPoolExecutor(
        len(first), mp_context=get_context("spawn"), initializer=prepare_worker
    )
    try:
        yield from _each_done_in(pool, len(first), waiting, settings, lake)
    except BrokenProcessPool as error:
        raise StageError(
            "a worker was killed (out of memory?): finished parts are kept, run the stage "
            f"again, perhaps with a smaller {WORKERS_VARIABLE}"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _each_done_in(
    pool: ProcessPoolExecutor,
    workers: int,
    waiting: Iterator[Part],
    settings: StageSettings,
    lake: Path,
) -> Iterator[Done]:
    """Hand out parts, one more than workers, so that none waits for work."""
    running: set[Future[Done]] = set()
    for part in waiting:
        running.add(pool.submit(write_part, part, settings, lake))
        if len(running) > workers:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in ended)
    yield from (future.result() for future in as_completed(running))


def prepare_worker() -> None:
    """Make a process ready to write parts.

    It ends with its parent, and all kernels are loaded.
    """
    parent = parent_process()
    if parent is not None:  # a worker whose parent was killed would wait for ever
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    load_all()


def _end_with(sentinel: int) -> None:
    """End this process when its parent has ended."""
    connection.wait([sentinel])
    os._exit(1)


def _check_rows(
    cursor: duckdb.DuckDBPyConnection, paths: list[Path], n_renders: int, settings: StageSettings
) -> None:
    """Refuse parts that lack rows, or have too many."""
    if not paths:
        return
    files = ", ".join(sql_text(str(path)) for path in paths)
    [(n_rows,)] = cursor.execute(f"select count(*) from read_parquet([{files}])").fetchall()
    n_expected = n_renders * len(settings.kernel.stamp_sizes)
    if n_rows != n_expected:
        raise StageError(f"{n_rows} metric rows in the parts where {n_expected} belong")
