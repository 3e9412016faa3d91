"""A run over many bricks: workers, progress, and rows of outcomes."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace

import duckdb

from ingest.coadds.cache import BrickFolder, FileRecord
from ingest.coadds.fetch import Budget, LimitReached
from ingest.coadds.files import CoaddFile
from ingest.coadds.outcomes import MISSING_BRICK, brick_outcome, file_outcomes, is_settled
from ingest.outcomes import Outcome, write_outcomes
from store.lake import transaction
from store.progress import Progress

SECONDS_BETWEEN_WRITES = 20.0

FetchBrick = Callable[[BrickFolder, Sequence[CoaddFile]], Mapping[str, FileRecord]]


@dataclass(frozen=True)
class Work:
    """One brick and the files that are wanted of it."""

    folder: BrickFolder
    files: Sequence[CoaddFile]


@dataclass(frozen=True)
class Crew:
    """What is done with each brick, within which budget, by how many workers."""

    fetch: FetchBrick
    budget: Budget
    n_workers: int


@dataclass
class Tally:
    """The results of a run so far.

    Parameters
    ----------
    is_alive : bool
        The source gave at least one file, in this run or before, so its "not found" is believed.
    """

    is_alive: bool = False
    n_bricks: int = 0
    n_complete: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    n_bytes: int = 0
    waiting: list[Outcome] = field(default_factory=list)
    missing: list[Outcome] = field(default_factory=list)

    def add(self, work: Work, records: Mapping[str, FileRecord]) -> None:
        """Add the outcome of a brick."""
        brick = brick_outcome(work.folder.brickname, work.files, records)
        self.n_bricks += 1
        self.n_bytes += brick.n_bytes or 0
        if brick.is_ok:
            self.n_complete += 1
        else:
            self.reasons[str(brick.reason_code)] = self.reasons.get(str(brick.reason_code), 0) + 1
        self.is_alive = self.is_alive or any(record.is_ok for record in records.values())
        self.waiting.extend(file_outcomes(work.files, records))
        (self.missing if brick.reason_code == MISSING_BRICK else self.waiting).append(brick)

    def flush(self, lake: duckdb.DuckDBPyConnection, *, is_last: bool = False) -> None:
        """Write the outcome rows that can be judged by now.

        A brick counts as missing only if the source has given any file at all. Until then such rows
        wait; after a run without a single file they report an empty source.
        """
        rows, self.waiting = self.waiting, []
        if self.is_alive or is_last:
            rows += [self._judged(outcome) for outcome in self.missing]
            self.missing = []
        with transaction(lake):
            write_outcomes(lake, rows)

    def _judged(self, missing: Outcome) -> Outcome:
        """Return the row of a missing brick; blame an empty source instead."""
        if self.is_alive:
            return missing
        message = f"this source had none of the files. {missing.message}"
        return replace(missing, reason_code="source_empty", message=message)


def run_bricks(
    lake: duckdb.DuckDBPyConnection,
    works: Sequence[Work],
    crew: Crew,
    *,
    is_alive: bool,
) -> Tally:
    """Fetch bricks with several workers, writing outcomes every few seconds.

    Rows of finished bricks are kept when a run is interrupted or reaches its limit of bytes.
    """
    tally = Tally(is_alive=is_alive)
    last_write = time.monotonic()
    with (
        Progress("coadds", len(works), "brick") as progress,
        ThreadPoolExecutor(crew.n_workers, thread_name_prefix="brick") as workers,
    ):
        futures = {workers.submit(_fetched, crew, work): work for work in works}
        try:
            for future in as_completed(futures):
                _take(future, futures.pop(future), tally)
                progress.add(1, f"{crew.budget.fetched / 1e6:.1f} MB fetched")
                if time.monotonic() - last_write > SECONDS_BETWEEN_WRITES:
                    tally.flush(lake)
                    last_write = time.monotonic()
        except BaseException:
            crew.budget.is_stopped.set()
            workers.shutdown(wait=True, cancel_futures=True)
            tally.flush(lake)
            raise
    tally.flush(lake, is_last=True)
    return tally


def _fetched(crew: Crew, work: Work) -> Mapping[str, FileRecord] | None:
    """Return a brick's records once it is marked; None if the run ended."""
    if crew.budget.is_stopped.is_set():
        return None
    try:
        records = crew.fetch(work.folder, work.files)
    except LimitReached:
        return None
    if is_settled(work.files, records) and not work.folder.is_marked:
        work.folder.mark()
    return records


def _take(future: Future, work: Work, tally: Tally) -> None:
    """Add the result of a finished brick to the tally."""
    records = future.result()
    if records is not None:
        tally.add(work, records)
