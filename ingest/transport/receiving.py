"""Write and hash bytes in a thread while the next ones arrive."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from ingest.transport.interface import Count

MAX_WAITING = 16  # pieces between the network and the disk


def write_pieces(pieces: Iterable[bytes], target: Path, count: Count) -> tuple[int, str]:
    """Write pieces to a file; return the number of bytes and their sha256."""
    waiting: Queue[bytes | None] = Queue(MAX_WAITING)
    with target.open("wb") as file, ThreadPoolExecutor(1, thread_name_prefix="write") as writer:
        digest = hashlib.sha256()

        def write() -> int:
            """Write pieces until there are no more; return their bytes."""
            n_bytes = 0
            failure: OSError | None = None
            while (piece := waiting.get()) is not None:
                if failure is None:  # after a full disk keep emptying the queue
                    try:
                        digest.update(piece)
                        n_bytes += file.write(piece)
                    except OSError as error:
                        failure = error
            if failure:
                raise failure
            return n_bytes

        written = writer.submit(write)
        try:
            for piece in pieces:
                count(len(piece))
                waiting.put(piece)
        finally:
            waiting.put(None)
        return written.result(), digest.hexdigest()
