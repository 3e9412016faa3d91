"""What every transport can do, and how it fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.failures import FileRefused


class TransportError(FileRefused):
    """A file could not be brought here.

    Parameters
    ----------
    reason_code, message : str
    is_final : bool
        Trying again is of no use.
    retry_after : float, seconds, optional
        What the server asked to wait.
    """

    def __init__(
        self,
        reason_code: str,
        message: str,
        *,
        is_final: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason_code, message)
        self.is_final = is_final
        self.retry_after = retry_after


@dataclass(frozen=True)
class FileFacts:
    """Size of a file at its source, and what tells its versions apart (ETag, time of change)."""

    n_bytes: int
    version: str


@dataclass(frozen=True)
class Placed:
    """A file as it arrived: its length, the sha256 of its bytes, its version at the source."""

    n_bytes: int
    sha256: str
    version: str


@dataclass(frozen=True)
class Ranges:
    """Bytes of the ranges asked for; or, from a server that ignores ranges, the whole file."""

    parts: list[bytes]
    facts: FileFacts
    whole: bytes | None = None


class Source(Protocol):
    """A tree of files. Paths are relative to its root, with slashes.

    Every method makes one try and raises `TransportError`; who calls decides on another.
    """

    root: str
    host: str

    def location(self, path: str) -> str:
        """The full path or URL of a file."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder, sorted."""

    def facts(self, path: str) -> FileFacts:
        """Size and version of a file."""

    def place(self, path: str, target: Path, count: Callable[[int], None]) -> Placed:
        """Put a file's bytes at a local path; ``count`` is told of each piece that arrived."""

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> Ranges:
        """Bytes ``start`` to ``stop`` (exclusive) of each range."""
