"""The coadd cache: a folder per brick with files, a record and a marker.

Files have the survey's names. The record, `_files.json`, holds the state of each file when it
arrived (or why it did not); it is replaced whole after every file. The marker, `_SUCCESS`, is empty
and comes last. A file without an entry in the record may be incomplete and is fetched again; so the
record itself need not be on the disk before the marker is written.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from store.failures import CommandError
from store.files import TEMPORARY_ENDING, publish, remove_leftovers, sync
from store.survey_files import brick_path

RECORD = "_files.json"
MARKER = "_SUCCESS"
LOCK = ".lock"


@dataclass(frozen=True)
class FileRecord:
    """The state of one file of a brick.

    Parameters
    ----------
    tiles : list of int
        Where only tiles were fetched: the numbers of those that are here, in the first image.
        Empty for a whole file.
    """

    is_ok: bool
    reason_code: str | None = None
    message: str | None = None
    n_bytes: int | None = None
    n_bytes_fetched: int | None = None
    sha256: str | None = None
    n_tries: int | None = None
    seconds: float | None = None
    source: str | None = None
    source_version: str | None = None
    tiles: Sequence[int] = ()

    @property
    def is_absent(self) -> bool:
        """Return whether the source does not have the file."""
        return self.reason_code == "not_found"

    @property
    def is_whole(self) -> bool:
        """Return whether the file is here with all its bytes."""
        return self.is_ok and not self.tiles


class BrickFolder:
    """The folder of one brick in the cache."""

    def __init__(self, coadds: Path, brickname: str) -> None:
        self.brickname = brickname
        self.path = coadds / brick_path(brickname)

    def file(self, name: str) -> Path:
        """Return the path of a file of the brick under its final name."""
        return self.path / name

    def partial(self, name: str) -> Path:
        """Return the path of a file until it gets its final name."""
        return self.path / f".{name}{TEMPORARY_ENDING}"

    def records(self) -> dict[str, FileRecord]:
        """Return the record, without files that are absent or of another length."""
        try:
            entries = json.loads((self.path / RECORD).read_text())
            records = {name: FileRecord(**entry) for name, entry in entries.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        sizes = self._sizes()
        return {
            name: record
            for name, record in records.items()
            if not record.is_ok or sizes.get(name) == record.n_bytes
        }

    def _sizes(self) -> dict[str, int]:
        """Return the sizes of the files in the folder by name, in bytes."""
        with os.scandir(self.path) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}

    def write_records(self, records: Mapping[str, FileRecord]) -> None:
        """Replace the record whole."""
        entries = {name: asdict(record) for name, record in sorted(records.items())}
        # Not synced: if a power cut loses the record, its files are only fetched again.
        partial = self.partial(RECORD)
        partial.write_text(json.dumps(entries, indent=0))
        partial.rename(self.path / RECORD)

    def adopt(self, name: str) -> None:
        """Give a file that was checked its final name."""
        publish(self.partial(name), self.file(name))

    def clear_partials(self) -> None:
        """Remove the half-written files of a killed run."""
        remove_leftovers(self.path)

    @property
    def is_marked(self) -> bool:
        """Return whether the marker is there."""
        return (self.path / MARKER).exists()

    def mark(self) -> None:
        """Write the marker, once everything else is on the disk."""
        sync(self.path / RECORD)
        sync(self.path)
        (self.path / MARKER).touch()
        sync(self.path)

    def unmark(self) -> None:
        """Remove the marker."""
        (self.path / MARKER).unlink(missing_ok=True)


def cached_bricks(coadds: Path) -> list[str]:
    """Return the sorted names of the bricks that the cache has a record of."""
    return sorted(path.parent.name for path in coadds.glob(f"[0-9]*/*/{RECORD}"))


@contextmanager
def locked(coadds: Path) -> Iterator[None]:
    """Lock the cache for this process.

    Raises
    ------
    CommandError
        When another process is using it.
    """
    coadds.mkdir(parents=True, exist_ok=True)
    with (coadds / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"another command is using the cache {coadds}: wait for it to end"
            ) from error
        yield
