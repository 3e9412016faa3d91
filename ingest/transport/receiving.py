"""Bytes on their way into a file: hashed, counted, and on the disk before they count as there."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from ingest.transport.interface import Count


def write_pieces(pieces: Iterable[bytes], target: Path, count: Count) -> tuple[int, str]:
    """Write pieces to a file and flush it to the disk; the number of bytes and their sha256."""
    digest = hashlib.sha256()
    n_bytes = 0
    with target.open("wb") as file:
        for piece in pieces:
            count(len(piece))
            digest.update(piece)
            file.write(piece)
            n_bytes += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return n_bytes, digest.hexdigest()
