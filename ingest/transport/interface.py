"""The interface of every transport, and its failures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from store.failures import FileRefused

Count = Callable[[int], None]


class TransportError(FileRefused):
    """A file could not be fetched.

    Parameters
    ----------
    reason_code, message : str
    is_final : bool
        Trying again is of no use.
    retry_after : float, seconds, optional
        The wait that the server asked for.
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
    """Remove user, password, query and fragment from a URL."""
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
        Wait before the second try; doubled for each further one, up to the maximum.
    delay_per_host : float, seconds
        Least time between the starts of two requests to one host.
    timeout : float, seconds
        Longest wait for a connection, or for the next byte.
    redirect_hosts : tuple of str
        Hosts, other than the one asked, to which redirects are followed.
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
    """Size and version (ETag, time of change) of a file at its source."""

    n_bytes: int
    version: str


@dataclass(frozen=True)
class Placed:
    """A file as it arrived: length, sha256, and version at the source."""

    n_bytes: int
    sha256: str
    version: str


class Source(Protocol):
    """A tree of files. Paths are relative to its root, with slashes.

    Every method tries once and raises `TransportError`; the caller decides whether to try again.
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
        """Close all connections."""
