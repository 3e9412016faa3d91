"""A run over many bricks: workers, progress, and outcome rows into the lake as it goes."""

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
    """One brick and the files of it that are wanted."""

    folder: BrickFolder
    files: Sequence[CoaddFile]


@dataclass(frozen=True)
class Crew:
    """Who does the work: what is done with a brick, how much may be fetched, how many at a time."""

    fetch: FetchBrick
    budget: Budget
    n_workers: int


@dataclass
class Tally:
    """What a run came to.

    Parameters
    ----------
    is_alive : bool
        The source gave at least one file, in this run or before: what it says it lacks, it lacks.
    """

    is_alive: bool = False
    n_bricks: int = 0
    n_complete: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    n_bytes: int = 0
    waiting: list[Outcome] = field(default_factory=list)
    missing: list[Outcome] = field(default_factory=list)

    def add(self, work: Work, records: Mapping[str, FileRecord]) -> None:
        """Take in what became of a brick."""
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

        A brick is called missing only if the source gave a file at all. Until it has, such rows wait;
        at the end of a run in which it gave none, they say that the source is empty.
        """
        rows, self.waiting = self.waiting, []
        if self.is_alive or is_last:
            rows += [self._judged(outcome) for outcome in self.missing]
            self.missing = []
        with transaction(lake):
            write_outcomes(lake, rows)

    def _judged(self, missing: Outcome) -> Outcome:
        if self.is_alive:
            return missing
        message = f"nothing was found at this source at all. {missing.message}"
        return replace(missing, reason_code="source_empty", message=message)


def run_bricks(
    lake: duckdb.DuckDBPyConnection,
    works: Sequence[Work],
    crew: Crew,
    *,
    is_alive: bool,
) -> Tally:
    """Fetch bricks with several workers, writing outcomes every few seconds.

    A run that is interrupted, or ends at its limit of bytes, has written the rows of the bricks it
    finished.
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
    records = future.result()
    if records is not None:
        tally.add(work, records)
