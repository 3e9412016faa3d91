"""Bringing the files of a brick into the cache, one after the other, each whole or not at all."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock

from ingest.checksums import read_checksums, refuse_other_checksum
from ingest.coadd_cache import BrickFolder, FileRecord
from ingest.coadd_files import CoaddFile, check_structure, checksum_list_path
from ingest.failures import FileRefused
from ingest.fits_cards import FitsError
from ingest.outcomes import public_location
from ingest.transport import Placed, Source, TransportError
from ingest.transport.retrying import Tries, try_again


class LimitReached(Exception):
    """More bytes than the command may fetch."""


@dataclass
class Budget:
    """Bytes that were fetched, and how many may be; shared by all workers.

    Parameters
    ----------
    limit : int or None, bytes
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
            When they are too many, or the command is to end.
        """
        with self._lock:
            if self.limit is not None and self.fetched + n_bytes > self.limit:
                self.is_stopped.set()
            if self.is_stopped.is_set():
                raise LimitReached
            self.fetched += n_bytes


@dataclass(frozen=True)
class FetchPlan:
    """What is asked of every brick.

    Parameters
    ----------
    is_force : bool
        Ask again for files that the source did not have.
    product : str or None
        Fetch only the files of this product, also those that were absent before.
    """

    source: Source
    budget: Budget
    is_force: bool = False
    product: str | None = None

    def wants(self, file: CoaddFile, record: FileRecord | None) -> bool:
        """Whether a file must be fetched."""
        if self.product not in (None, file.product):
            return False
        if record is None:
            return True
        is_asked_again = self.is_force or self.product is not None
        return not (record.is_whole or (record.is_absent and not is_asked_again))


def fetch_files(
    folder: BrickFolder, files: Sequence[CoaddFile], plan: FetchPlan
) -> dict[str, FileRecord]:
    """Fetch the files that the cache lacks; the record of all files of the brick.

    Raises
    ------
    LimitReached
    OSError
        When the cache cannot be written.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.clear_partials()
    records = folder.records()
    missing = [file for file in files if plan.wants(file, records.get(file.name))]
    if not missing:
        return records
    folder.unmark()
    checksums = fetch_checksums(folder, plan)
    for file in missing:
        records[file.name] = fetch_file(folder, file, plan, checksums)
        folder.write_records(records)
    return records


def fetch_checksums(folder: BrickFolder, plan: FetchPlan) -> Mapping[str, str] | FileRefused:
    """The survey's checksums of a brick; empty when it has no list, the failure when unknown."""
    path = checksum_list_path(folder.brickname)
    name = path.rsplit("/", 1)[-1]
    target = folder.partial(name)
    try:
        try_again(
            lambda: plan.source.place(path, target, plan.budget.count),
            plan.source.settings,
            Tries(is_stopped=plan.budget.is_stopped),
        )
        checksums = read_checksums(target)
    except FileRefused as error:
        target.unlink(missing_ok=True)
        has_none = isinstance(error, TransportError) and error.is_final
        return {} if has_none else error
    folder.adopt(name)
    return checksums


def fetch_file(
    folder: BrickFolder,
    file: CoaddFile,
    plan: FetchPlan,
    checksums: Mapping[str, str] | FileRefused,
) -> FileRecord:
    """Fetch one file, check it, and give it its final name; what became of it."""
    started, tries = time.monotonic(), Tries(is_stopped=plan.budget.is_stopped)
    record = FileRecord(is_ok=False, source=public_location(plan.source.location(file.path)))
    try:
        if isinstance(checksums, FileRefused):
            raise checksums
        placed = try_again(
            lambda: _place_checked(folder, file, plan, checksums), plan.source.settings, tries
        )
    except (FileRefused, FitsError) as error:
        record = replace(record, reason_code=error.reason_code, message=str(error))
    else:
        folder.adopt(file.name)
        record = replace(
            record,
            is_ok=True,
            message=None if file.name in checksums else "not in a checksum list of the survey",
            n_bytes=placed.n_bytes,
            n_bytes_fetched=placed.n_bytes,
            sha256=placed.sha256,
            source_version=placed.version,
        )
    finally:
        folder.partial(file.name).unlink(missing_ok=True)
    return replace(record, n_tries=tries.n, seconds=round(time.monotonic() - started, 3))


def _place_checked(
    folder: BrickFolder, file: CoaddFile, plan: FetchPlan, checksums: Mapping[str, str]
) -> Placed:
    target = folder.partial(file.name)
    placed = plan.source.place(file.path, target, plan.budget.count)
    check_structure(target, file)
    refuse_other_checksum(file.name, placed.sha256, checksums)
    return placed
