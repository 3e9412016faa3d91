"""Files of an S3-compatible object store.

Credentials, region and endpoint come from the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL,
AWS_SKIP_SIGNATURE, ...) or from the machine's role.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from ingest.transport.interface import (
    Count,
    FileFacts,
    Placed,
    TransportError,
    TransportSettings,
)
from ingest.transport.receiving import write_pieces
from ingest.transport.retrying import Gate

if TYPE_CHECKING:
    from obstore import ObjectMeta

PIECE_BYTES = 1 << 20


class S3Source:
    """A prefix of a bucket."""

    def __init__(self, root: str, settings: TransportSettings) -> None:
        self.root = root.rstrip("/")
        self.settings = settings
        self._gate = Gate(settings.delay_per_host)
        self._store = S3Store.from_url(
            self.root,
            client_options={
                "allow_http": True,
                "timeout": timedelta(seconds=10 * settings.timeout),
                "connect_timeout": timedelta(seconds=settings.timeout),
            },
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=settings.timeout)},
        )

    def location(self, path: str) -> str:
        """Return the full URL of a file."""
        return f"{self.root}/{path}" if path else self.root

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted."""
        with self._errors(folder):
            listing = obstore.list_with_delimiter(self._store, folder or None)
        return sorted(entry["path"].rsplit("/", 1)[-1] for entry in listing["objects"])

    def facts(self, path: str) -> FileFacts:
        """Return the size and version of a file."""
        with self._errors(path):
            return _facts(obstore.head(self._store, path))

    def place(self, path: str, target: Path, count: Count) -> Placed:
        """Put a file's bytes at a local path."""
        with self._errors(path):
            answer = obstore.get(self._store, path)
            facts = _facts(answer.meta)
            pieces = (bytes(piece) for piece in answer.stream(min_chunk_size=PIECE_BYTES))
            n_bytes, sha256 = write_pieces(pieces, target, count)
        if n_bytes != facts.n_bytes:
            raise TransportError(
                "wrong_length", f"{n_bytes} bytes arrived, {facts.n_bytes} were announced"
            )
        return Placed(n_bytes, sha256, facts.version)

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of each range, all of one version of the file."""
        parts, versions = [], set()
        for start, stop in ranges:
            with self._errors(path):
                answer = obstore.get(self._store, path, options={"range": (start, stop)})
                versions.add(_facts(answer.meta).version)
                parts.append(bytes(answer.bytes()))
            if len(parts[-1]) != stop - start:
                raise TransportError(
                    "wrong_length", f"{len(parts[-1])} of {stop - start} bytes of a range"
                )
        if len(versions) > 1:
            raise TransportError("changed_meanwhile", f"versions {sorted(versions)} of one file")
        return parts

    def close(self) -> None:
        """Do nothing: nothing is open."""

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        """Turn failures of the store into failures of the file."""
        self._gate.wait()
        try:
            yield
        except (NotFoundError, FileNotFoundError) as error:
            message = f"{self.location(path)} does not exist"
            raise TransportError("not_found", message, is_final=True) from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            message = (
                f"{self.location(path)} may not be read: check the credentials (without the right"
            )
            message += " to list the bucket, a file that is not there looks the same)"
            raise TransportError("refused_by_server", message, is_final=True) from error
        except BaseError as error:
            message = str(error).splitlines()[0]
            raise TransportError("server_failure", f"the store refused: {message}") from error


def _facts(meta: "ObjectMeta") -> FileFacts:
    """Return the size and version of an object."""
    return FileFacts(meta["size"], meta["e_tag"] or meta["last_modified"].isoformat())
