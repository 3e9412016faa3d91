"""Files of a local path, such as the survey's own file system."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ingest.transport.interface import (
    Count,
    FileFacts,
    Placed,
    TransportError,
    TransportSettings,
)
from store.failures import DISK_FULL

PIECE_BYTES = 1 << 20


class LocalSource:
    """A folder on this machine."""

    def __init__(self, root: str, settings: TransportSettings) -> None:
        self.root = str(Path(root).resolve())  # the identity of a file is its whole path
        self.settings = settings

    def location(self, path: str) -> str:
        """Return the full path of a file."""
        return str(Path(self.root) / path)

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted."""
        try:
            with os.scandir(self.location(folder)) as entries:
                return sorted(entry.name for entry in entries if entry.is_file())
        except OSError as error:
            raise _failure(self.location(folder), error) from error

    def facts(self, path: str) -> FileFacts:
        """Return the size and time of change of a file."""
        try:
            status = os.stat(self.location(path))
        except OSError as error:
            raise _failure(self.location(path), error) from error
        return FileFacts(status.st_size, f"mtime {status.st_mtime_ns}")

    def place(self, path: str, target: Path, count: Count) -> Placed:
        """Put a file at a local path: a hard link, or a copy if there are none.

        A link takes no space and cannot be left half done.
        """
        facts = self.facts(path)
        try:
            _link_or_copy(self.location(path), target)
            return Placed(facts.n_bytes, sha256_of(target, count), facts.version)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            raise _failure(self.location(path), error) from error

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes ``start`` to ``stop`` (exclusive) of each range."""
        try:
            with Path(self.location(path)).open("rb") as file:
                return [os.pread(file.fileno(), stop - start, start) for start, stop in ranges]
        except OSError as error:
            raise _failure(self.location(path), error) from error

    def close(self) -> None:
        """Do nothing: nothing is open."""


def _link_or_copy(source: str, target: Path) -> None:
    """Replace the target with a hard link to a file, or with a copy."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)


def sha256_of(path: Path, count: Count = lambda _: None) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            count(len(piece))
    return digest.hexdigest()


def _failure(location: str, error: OSError) -> TransportError:
    """Return the failure of a file that a file system's error means."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return TransportError("not_found", f"{location} does not exist", is_final=True)
    if isinstance(error, PermissionError):
        return TransportError("forbidden", f"{location} may not be read", is_final=True)
    return TransportError("unreadable", f"{location}: {error.strerror or error}")
