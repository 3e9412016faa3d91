"""Fetch the files of a brick into the cache, each whole or not at all."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Protocol

from ingest.coadds.cache import BrickFolder, FileRecord
from ingest.coadds.files import CoaddFile, check_structure, checksum_list_path
from ingest.transport import Source, TransportError
from ingest.transport.checksums import read_checksums, refuse_other_checksum
from ingest.transport.interface import public_location
from ingest.transport.retrying import Tries, try_again
from pixels.cards import FitsError
from store.failures import FileRefused

N_FINISHERS = 4  # files of a brick synced at a time: one commit of the disk's journal serves all


class LimitReached(Exception):
    """The command would fetch more bytes than it may, or is to end."""


@dataclass
class Budget:
    """Bytes fetched so far and their limit; shared by all workers.

    Parameters
    ----------
    limit : int or None, bytes
    fetched : int, bytes
    is_stopped : Event
        Nothing more is to be fetched.
    """

    limit: int | None = None
    fetched: int = 0
    is_stopped: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def count(self, n_bytes: int) -> None:
        """Count bytes that arrived.

        Raises
        ------
        LimitReached
        """
        with self._lock:
            if self.limit is not None and self.fetched + n_bytes > self.limit:
                self.is_stopped.set()
            if self.is_stopped.is_set():
                raise LimitReached
            self.fetched += n_bytes


class Plan(Protocol):
    """How the files of a brick are fetched."""

    @property
    def source(self) -> Source:
        """Return the source of the files."""

    @property
    def budget(self) -> Budget:
        """Return the budget of bytes to fetch."""

    def wants(self, folder: BrickFolder, file: CoaddFile, record: FileRecord | None) -> bool:
        """Tell whether there is something to fetch of a file."""

    def bring(
        self, visit: "Visit", file: CoaddFile, known: FileRecord | None, tries: Tries
    ) -> FileRecord:
        """Fetch a file to its temporary name, checked; return its record.

        Raises
        ------
        FileRefused, FitsError
        """


@dataclass(frozen=True)
class WholeFiles:
    """A plan to fetch every file whole and check its checksum.

    Parameters
    ----------
    is_asked_again : bool
        Ask again for files that the source did not have.
    product : str or None
        Fetch only the files of this product, also those that the source did not have.
    """

    source: Source
    budget: Budget
    is_asked_again: bool = False
    product: str | None = None

    def wants(self, _: BrickFolder, file: CoaddFile, record: FileRecord | None) -> bool:
        """Tell whether the cache lacks the whole file."""
        if self.product not in (None, file.product):
            return False
        if record is None:
            return True
        if record.is_absent:
            return self.is_asked_again or self.product is not None
        return not record.is_whole

    def bring(
        self, visit: "Visit", file: CoaddFile, _: FileRecord | None, tries: Tries
    ) -> FileRecord:
        """Fetch a file whole, and check its structure and checksum."""
        checksums = visit.checksums
        if isinstance(checksums, FileRefused):
            raise checksums
        target = visit.folder.partial(file.name)

        def once() -> FileRecord:
            """Fetch and check the file in one try."""
            placed = self.source.place(file.path, target, self.budget.count)
            check_structure(target, file)
            refuse_other_checksum(file.name, placed.sha256, checksums)
            return FileRecord(
                is_ok=True,
                message=None
                if file.name in checksums
                else "in none of the survey's checksum lists",
                n_bytes=placed.n_bytes,
                n_bytes_fetched=placed.n_bytes,
                sha256=placed.sha256,
                source_version=placed.version,
            )

        return try_again(once, self.source.settings, tries)


@dataclass
class Visit:
    """One brick while its files are fetched.

    Its checksums are fetched when the first file needs them.
    """

    folder: BrickFolder
    plan: Plan
    _checksums: Mapping[str, str] | FileRefused | None = None

    @property
    def checksums(self) -> Mapping[str, str] | FileRefused:
        """Return the survey's checksums of the brick, fetched once.

        Empty when it has no list; the failure when the list could not be fetched. Before Python
        3.12 a `cached_property` would hold one lock for the bricks of all workers.
        """
        if self._checksums is None:
            self._checksums = self._fetched_checksums()
        return self._checksums

    def _fetched_checksums(self) -> Mapping[str, str] | FileRefused:
        """Fetch the list of checksums into the cache."""
        path = checksum_list_path(self.folder.brickname)
        name = path.rsplit("/", 1)[-1]
        target = self.folder.partial(name)
        source, budget = self.plan.source, self.plan.budget
        try:
            tries = Tries(is_stopped=budget.is_stopped)
            try_again(lambda: source.place(path, target, budget.count), source.settings, tries)
            checksums = read_checksums(target)
        except FileRefused as error:
            target.unlink(missing_ok=True)
            has_none = isinstance(error, TransportError) and error.is_final
            return {} if has_none else error
        self.folder.adopt(name)
        return checksums


def fetch_files(
    folder: BrickFolder, files: Sequence[CoaddFile], plan: Plan
) -> dict[str, FileRecord]:
    """Fetch the files of a brick that the cache lacks; return all records.

    Raises
    ------
    LimitReached
    OSError
        When the cache cannot be written.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.clear_partials()
    records = folder.records()
    wanted = [file for file in files if plan.wants(folder, file, records.get(file.name))]
    if wanted:
        folder.unmark()
        with ThreadPoolExecutor(N_FINISHERS, thread_name_prefix="finish") as finishers:
            _fetch_all(Visit(folder, plan), wanted, records, finishers)
    return records


def _fetch_all(
    visit: Visit,
    wanted: Sequence[CoaddFile],
    records: dict[str, FileRecord],
    finishers: ThreadPoolExecutor,
) -> None:
    """Fetch file after file, the next one while others are synced to disk."""
    lock = Lock()

    def finish(name: str, record: FileRecord) -> None:
        """Give a file that arrived its final name, and record it."""
        if record.is_ok:
            visit.folder.adopt(name)
        with lock:
            records[name] = record
            visit.folder.write_records(records)

    finished = []
    for file in wanted:
        record = _brought(visit, file, records.get(file.name))
        finished.append(finishers.submit(finish, file.name, record))
    for future in finished:
        future.result()


def _brought(visit: Visit, file: CoaddFile, known: FileRecord | None) -> FileRecord:
    """Fetch one file to its temporary name; return its record."""
    started, plan = time.monotonic(), visit.plan
    tries = Tries(is_stopped=plan.budget.is_stopped)
    record = FileRecord(is_ok=False)
    try:
        record = plan.bring(visit, file, known, tries)
    except (FileRefused, FitsError) as error:
        record = FileRecord(is_ok=False, reason_code=error.reason_code, message=str(error))
    finally:
        if not record.is_ok:
            visit.folder.partial(file.name).unlink(missing_ok=True)
    return replace(
        record,
        n_tries=tries.n,
        seconds=round(time.monotonic() - started, 3),
        source=public_location(plan.source.location(file.path)),
    )
