"""Take one catalogue file into its raw table.

A catalogue file is a sweep, the brick table or a list of lenses. Each has one transaction: its rows
replace those of an earlier version, and its outcome row is written with them, so that a killed run
leaves the old state or the new one.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from ingest.outcomes import Outcome, last_outcome, write_outcomes
from ingest.raw_tables import delete_rows, replace_rows
from ingest.transport import Source, TransportError
from ingest.transport.checksums import read_checksums, refuse_other_checksum
from ingest.transport.interface import public_location
from ingest.transport.local import LocalSource, sha256_of
from ingest.transport.retrying import Tries, try_again
from pixels.cards import FitsError
from store import lake
from store.failures import CommandError, FileRefused
from store.lake import transaction

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Destination:
    """Where the rows of a kind of file go, and how they are read.

    Parameters
    ----------
    product : str
        As the outcome rows name it.
    table : str
    schema : pa.Schema
        All columns of the table but the last, which names the file.
    read : callable
        Turns a local file into batches of that schema.
    is_name_right : callable
        Tells whether a file may have a name.
    checksum_list : str or None
        Name of the survey's list of checksums, in the folder of the files.
    """

    product: str
    table: str
    schema: pa.Schema
    read: Callable[[Path], Batches]
    is_name_right: Callable[[str], bool] = lambda _: True
    checksum_list: str | None = None


class WatchedBatches:
    """Batches on their way into DuckDB: counted, and the last error kept.

    DuckDB replaces an error of its reader with one that lacks the reason.
    """

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.n_rows = 0
        self.error: FileRefused | FitsError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self.batches:
                self.n_rows += batch.num_rows
                yield batch
        except (FileRefused, FitsError) as error:
            self.error = error
            raise


@dataclass(frozen=True)
class Taking:
    """The connection, source and destination for files of one kind.

    Parameters
    ----------
    checksums : dict of str to str
        From the survey, by file name; a file that it does not list is not checked.
    is_forced : bool
        Take files again that have not changed.
    """

    connection: duckdb.DuckDBPyConnection
    source: Source
    to: Destination
    checksums: Mapping[str, str]
    is_forced: bool = False


def ingest_file(taking: Taking, path: str) -> tuple[Outcome, bool]:
    """Take one file into the lake.

    Returns
    -------
    Outcome, bool
        What became of it; whether it was skipped as unchanged since it was last taken.
    """
    started, tries = time.monotonic(), Tries()
    source, to = taking.source, taking.to
    name = path.rsplit("/", 1)[-1]
    outcome = Outcome(to.product, file_name=name, source=source.location(path))
    try:
        facts = try_again(lambda: source.facts(path), source.settings, Tries())
        outcome = replace(outcome, n_bytes=facts.n_bytes, source_version=facts.version)
        if not taking.is_forced and _is_unchanged(taking.connection, outcome):
            return replace(outcome, is_ok=True), True
        with _local_file(source, path, tries) as file:
            outcome = replace(outcome, sha256=sha256_of(file), n_tries=tries.n)
            if elsewhere := _taken_from_elsewhere(taking, outcome):
                return _name_taken(taking.connection, outcome, elsewhere), False
            outcome = _take(taking, file, outcome, started)
    except (FileRefused, FitsError) as error:
        seconds = time.monotonic() - started
        outcome = replace(
            outcome,
            reason_code=error.reason_code,
            message=str(error),
            n_tries=tries.n,
            seconds=seconds,
        )
        if _is_known_from_elsewhere(taking.connection, outcome):
            outcome = _keep_the_other(taking.connection, outcome)
        else:
            _refuse(taking.connection, outcome, to, error)
    return outcome, False


def _taken_from_elsewhere(taking: Taking, now: Outcome) -> str:
    """Return the source of other content of this name.

    Empty when the file may be taken.
    """
    if taking.is_forced or not _is_known_from_elsewhere(taking.connection, now):
        return ""
    before = last_outcome(taking.connection, now.product, str(now.file_name))
    assert before is not None
    return "" if before["sha256"] == now.sha256 else str(before["source"])


def _is_known_from_elsewhere(connection: duckdb.DuckDBPyConnection, now: Outcome) -> bool:
    """Tell whether the lake holds a file of this name from another place."""
    before = last_outcome(connection, now.product, str(now.file_name))
    return (
        before is not None
        and before["is_ok"] is True
        and before["source"] != public_location(str(now.source))
    )


def _name_taken(connection: duckdb.DuckDBPyConnection, outcome: Outcome, elsewhere: str) -> Outcome:
    """Refuse a file whose name another one has; leave that one as it is."""
    message = (
        f"the lake has a file of this name from {elsewhere}: rename this one, or remove that one "
        "(--forget), or replace it (--force)"
    )
    return _keep_the_other(connection, replace(outcome, reason_code="name_taken", message=message))


def _keep_the_other(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> Outcome:
    """Write a failure under the file's whole address, not under its name."""
    refused = replace(outcome, file_name=public_location(str(outcome.source)))
    with transaction(connection):
        write_outcomes(connection, [refused])
    return refused


def _refuse(
    connection: duckdb.DuckDBPyConnection,
    outcome: Outcome,
    to: Destination,
    error: FileRefused | FitsError,
) -> None:
    """Write the failure; keep earlier rows only if the file may yet come."""
    with transaction(connection):
        if not isinstance(error, TransportError) or error.is_final:
            delete_rows(connection, to.table, str(outcome.file_name))
        write_outcomes(connection, [outcome])


def _is_unchanged(connection: duckdb.DuckDBPyConnection, now: Outcome) -> bool:
    """Tell whether a file was taken before and has not changed since."""
    before = last_outcome(connection, now.product, str(now.file_name))
    return (
        before is not None
        and before["is_ok"] is True
        and before["source"] == public_location(str(now.source))
        and bool(now.source_version)
        and before["n_bytes"] == now.n_bytes
        and before["source_version"] == now.source_version
    )


def _take(taking: Taking, file: Path, outcome: Outcome, started: float) -> Outcome:
    """Put a file's rows and its outcome into the lake, all or nothing."""
    name = str(outcome.file_name)
    watched = WatchedBatches(taking.to.read(file))
    rows = pa.RecordBatchReader.from_batches(taking.to.schema, watched)
    try:
        with transaction(taking.connection):
            n_rows = replace_rows(taking.connection, taking.to.table, name, rows)
            if n_rows != watched.n_rows:
                raise CommandError(
                    f"{watched.n_rows} rows of {name} were read but {n_rows} written: "
                    "none of them were kept, please report this"
                )
            refuse_other_checksum(name, str(outcome.sha256), taking.checksums)
            seconds = time.monotonic() - started
            outcome = replace(outcome, is_ok=True, n_rows=n_rows, seconds=seconds)
            write_outcomes(taking.connection, [outcome])
    except duckdb.Error as error:
        raise (watched.error or error) from error
    return outcome


def survey_checksums(source: Source, folder: str, to: Destination) -> dict[str, str]:
    """Return the survey's checksums of the files in a folder, if it has any.

    Raises
    ------
    FileRefused
        When there is a list and it cannot be fetched or read.
    """
    if to.checksum_list is None:
        return {}
    path = f"{folder}/{to.checksum_list}" if folder else to.checksum_list
    try:
        with _local_file(source, path, Tries()) as file:
            return read_checksums(file)
    except TransportError as error:
        if error.is_final:
            return {}
        raise


@contextmanager
def _local_file(source: Source, path: str, tries: Tries) -> Iterator[Path]:
    """Give the file itself if it is local, else a temporary copy."""
    if isinstance(source, LocalSource):
        tries.n = 1
        source.facts(path)
        yield Path(source.location(path))
        return
    lake.cache_root().mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="incoming-", dir=lake.cache_root()))
    try:
        target = folder / "file"
        try_again(lambda: source.place(path, target, lambda _: None), source.settings, tries)
        yield target
    finally:
        shutil.rmtree(folder)
