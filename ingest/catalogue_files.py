"""How a catalogue file (a sweep, the brick table, a lens list) gets into its raw table.

One transaction per file: its rows take the place of those an earlier version of it left, and its
outcome row is written with them, so that a killed run leaves the old state or the new one.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from ingest import lake
from ingest.failures import CommandError, FileRefused
from ingest.fits_cards import FitsError
from ingest.outcomes import Outcome, last_outcome, write_outcomes
from ingest.raw_tables import delete_rows, replace_rows
from ingest.transport import Source, TransportError
from ingest.transport.local import LocalSource, sha256_of

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Destination:
    """Where the rows of a kind of file go, and who reads them.

    Parameters
    ----------
    product : str
        Of the outcome rows.
    table : str
    schema : pa.Schema
        The table's columns but the last, which names the file.
    read : callable
        A local file to batches of that schema.
    is_name_right : callable
        Whether a file may be called so.
    """

    product: str
    table: str
    schema: pa.Schema
    read: Callable[[Path], Batches]
    is_name_right: Callable[[str], bool] = lambda _: True


class WatchedBatches:
    """Batches on their way into DuckDB, counted, and the error kept that ended them.

    DuckDB turns an error of its reader into one of its own, without the reason.
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


def ingest_file(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    path: str,
    to: Destination,
    *,
    force: bool = False,
) -> tuple[Outcome, bool]:
    """Take one file into the lake.

    Returns
    -------
    Outcome, bool
        What became of it; whether it was skipped as unchanged since it was last taken.
    """
    started = time.monotonic()
    name = (path or source.root).rsplit("/", 1)[-1]
    outcome = Outcome(to.product, file_name=name, source=source.location(path), n_tries=1)
    try:
        facts = source.facts(path)
        outcome = replace(outcome, n_bytes=facts.n_bytes, source_version=facts.version)
        if not force and _is_unchanged(connection, outcome):
            return replace(outcome, is_ok=True), True
        with _local_file(source, path) as file:
            outcome = replace(outcome, sha256=sha256_of(file))
            outcome = _take(connection, file, outcome, to, started)
    except (FileRefused, FitsError) as error:
        seconds = time.monotonic() - started
        outcome = replace(
            outcome, reason_code=error.reason_code, message=str(error), seconds=seconds
        )
        _refuse(connection, outcome, to, error)
    return outcome, False


def _refuse(
    connection: duckdb.DuckDBPyConnection,
    outcome: Outcome,
    to: Destination,
    error: FileRefused | FitsError,
) -> None:
    """Write the failure; rows of an earlier version stay only while the new one may yet come."""
    with transaction(connection):
        if not isinstance(error, TransportError) or error.is_final:
            delete_rows(connection, to.table, str(outcome.file_name))
        write_outcomes(connection, [outcome])


def _is_unchanged(connection: duckdb.DuckDBPyConnection, now: Outcome) -> bool:
    before = last_outcome(connection, now.product, str(now.file_name))
    return (
        before is not None
        and before["is_ok"] is True
        and before["n_bytes"] == now.n_bytes
        and before["source_version"] == now.source_version
    )


def _take(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    outcome: Outcome,
    to: Destination,
    started: float,
) -> Outcome:
    watched = WatchedBatches(to.read(file))
    rows = pa.RecordBatchReader.from_batches(to.schema, watched)
    try:
        with transaction(connection):
            n_rows = replace_rows(connection, to.table, str(outcome.file_name), rows)
            if n_rows != watched.n_rows:
                raise CommandError(
                    f"{watched.n_rows} rows of {outcome.file_name} were read but {n_rows} written: "
                    "nothing of it was kept, please report this"
                )
            seconds = time.monotonic() - started
            outcome = replace(outcome, is_ok=True, n_rows=n_rows, seconds=seconds)
            write_outcomes(connection, [outcome])
    except duckdb.Error as error:
        raise (watched.error or error) from error
    return outcome


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


@contextmanager
def _local_file(source: Source, path: str) -> Iterator[Path]:
    """The file itself where it is local, else a copy for as long as it is read."""
    if isinstance(source, LocalSource):
        yield Path(source.location(path))
        return
    folder = Path(tempfile.mkdtemp(prefix="incoming-", dir=lake.cache_root()))
    try:
        target = folder / "file"
        source.place(path, target, lambda _: None)
        yield target
    finally:
        shutil.rmtree(folder)
