"""A local file with the length of a remote one and only some of its bytes.

Holes read as zeros and take no space on the disk. The headers and tile tables are read first: they
tell where the bytes that matter are.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ingest.transport import FileFacts
from pixels.cards import BLOCK_BYTES, FitsError, Hdu, map_file, read_hdu

HEAD_BYTES = 65_536  # enough for a header and its tile table: 48,384 in an image of DR10
MERGED_GAP_BYTES = 16_384  # between two ranges: cheaper to fetch than to ask twice

ReadRanges = Callable[[list[tuple[int, int]]], list[bytes]]


class SparseFile:
    """A file that is filled range by range.

    Parameters
    ----------
    path : Path
    facts : FileFacts
        Length and version of the remote file.
    read : callable
        Gives the bytes of ranges of the remote file.
    """

    def __init__(self, path: Path, facts: FileFacts, read: ReadRanges) -> None:
        if facts.n_bytes <= 0 or facts.n_bytes % BLOCK_BYTES:
            raise FitsError(
                "file_truncated", f"{facts.n_bytes} bytes are not a whole number of FITS blocks"
            )
        self.path, self.facts = path, facts
        self._read = read
        self._held: list[tuple[int, int]] = []
        with path.open("wb") as file:
            file.truncate(facts.n_bytes)

    def fill(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Fetch the missing parts of ranges, neighbouring ones in one request."""
        inside = [(start, min(stop, self.facts.n_bytes)) for start, stop in ranges]
        missing = merged(
            [part for wanted in inside for part in without(wanted, self._held)], MERGED_GAP_BYTES
        )
        for (start, stop), content in zip(missing, self._read(missing), strict=True):
            self.write(start, content)
            self._held = merged([*self._held, (start, stop)], 0)

    def write(self, start: int, content: bytes) -> None:
        """Write bytes at an offset."""
        with self.path.open("r+b") as file:
            os.pwrite(file.fileno(), content, start)

    def fill_headers(self) -> list[Hdu]:
        """Fetch every header and tile table; return the header-data units.

        Raises
        ------
        FitsError
            Also when a header is longer than any of the survey's.
        """
        hdus: list[Hdu] = []
        offset = 0
        while offset < self.facts.n_bytes:
            self.fill([(offset, offset + HEAD_BYTES)])
            hdu = read_hdu(map_file(self.path), offset)
            if hdu.data_offset > offset + HEAD_BYTES:
                raise FitsError("bad_header", f"the header at byte {offset} is too long")
            table_bytes = min(_table_bytes(hdu), hdu.data_size)
            self.fill([(hdu.data_offset, hdu.data_offset + table_bytes)])
            hdus.append(hdu)
            offset = hdu.end
        return hdus


def _table_bytes(hdu: Hdu) -> int:
    """Return the length of a unit's tile table; 0 without one."""
    if hdu.text("XTENSION") != "BINTABLE":
        return 0
    return max(0, hdu.integer("NAXIS1") * hdu.integer("NAXIS2"))


def merged(ranges: Iterable[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """Return ranges in order; join those that overlap or nearly touch."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if start >= stop:
            continue
        if joined and start <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def without(wanted: tuple[int, int], held: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the parts of a range that lie in none of the held ranges."""
    parts = []
    start, stop = wanted
    for held_start, held_stop in held:
        if held_stop <= start or held_start >= stop:
            continue
        if start < held_start:
            parts.append((start, held_start))
        start = held_stop
    if start < stop:
        parts.append((start, stop))
    return parts


def blank_rows(file: SparseFile, hdu: Hdu, numbers: np.ndarray) -> None:
    """Clear rows of a tile table, so that no hole is read as a tile.

    Parameters
    ----------
    file : SparseFile
    hdu : Hdu
    numbers : (n,) int
        Rows, from 0.
    """
    row_bytes, n_rows = hdu.integer("NAXIS1"), hdu.integer("NAXIS2")
    start = hdu.data_offset
    table = map_file(file.path)[start : start + row_bytes * n_rows].copy()
    table.reshape(n_rows, row_bytes)[numbers] = 0
    file.write(start, table.tobytes())
