"""What every transport can do, and how it fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from store.failures import FileRefused

Count = Callable[[int], None]


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


def public_location(location: str) -> str:
    """Strip user, password, query and fragment off a URL."""
    if "://" not in location:
        return location
    parts = urlsplit(location)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class RangesIgnored(Exception):
    """The server answers a request for some bytes with the whole file."""


@dataclass(frozen=True)
class TransportSettings:
    """How to treat a server.

    Parameters
    ----------
    n_tries : int
    first_delay, max_delay : float, seconds
        Before the second try; doubled from then on, up to the largest.
    delay_per_host : float, seconds
        Least time between the starts of two requests to one host.
    timeout : float, seconds
        Without a byte, or without a connection.
    redirect_hosts : tuple of str
        Hosts, beside the one that was asked, to which a redirect is followed.
    n_workers : int or None
        Files at a time; None leaves it to the kind of source.
    """

    n_tries: int = 5
    first_delay: float = 1.0
    max_delay: float = 60.0
    delay_per_host: float = 0.1
    timeout: float = 60.0
    redirect_hosts: tuple[str, ...] = ()
    n_workers: int | None = None


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


class Source(Protocol):
    """A tree of files. Paths are relative to its root, with slashes.

    Every method makes one try and raises `TransportError`; who calls decides on another.
    """

    root: str
    settings: TransportSettings

    def location(self, path: str) -> str:
        """Return the full path or URL of a file."""

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted."""

    def facts(self, path: str) -> FileFacts:
        """Return the size and version of a file."""

    def place(self, path: str, target: Path, count: Count) -> Placed:
        """Put a file's bytes at a local path, counting each piece."""

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes ``start`` to ``stop`` (exclusive) of each range.

        Raises
        ------
        RangesIgnored
            When the server can give whole files only.
        """

    def close(self) -> None:
        """Let go of connections."""
