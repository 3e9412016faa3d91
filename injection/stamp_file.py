"""Parquet files of stamps, their pixels written to the disk as they are in memory.

A general writer makes two levels for each of a list's values, says where lists start by them, and
packs both: 38 ms for the stamps of 120 renders, and 52 ms with compression, which makes noise 15 %
smaller. Stamps of one size are lists of one length and without nulls, whose levels are a few bytes;
what is left is to hand the pixels to the system, 8 ms. The files are ordinary ones: version 1 pages,
plain encoding, no compression (https://parquet.apache.org/docs/file-format).
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from injection.thrift import Value, array, binary, int32, int64, record, varint

MAGIC = b"PAR1"
PAGE_BYTES = 1_000_000  # of pixels; who reads one stamp reads a page
INT32_TYPE, FLOAT_TYPE, TEXT_TYPE = 1, 4, 6
OPTIONAL, REPEATED = 1, 2
UTF8, LIST = 0, 3  # meanings of a type
PLAIN, RLE = 0, 3  # encodings
DATA_PAGE = 0
PRESENT, ELEMENT_PRESENT = 1, 3  # levels of a value that is there: of a column, of a list's element


class Column(NamedTuple):
    """One column: its name, physical type, and the highest level of a value in it."""

    name: str
    kind: int
    level: int
    path: tuple[str, ...]


def _plain(name: str, kind: int) -> Column:
    return Column(name, kind, PRESENT, (name,))


COLUMNS = (
    _plain("render_id", TEXT_TYPE),
    _plain("stamp_size", INT32_TYPE),
    _plain("bandset", TEXT_TYPE),
    _plain("part_id", TEXT_TYPE),
    Column("pixels", FLOAT_TYPE, ELEMENT_PRESENT, ("pixels", "list", "element")),
)


class Chunk(NamedTuple):
    """Where a column of a row group stands in the file."""

    offset: int
    n_bytes: int
    n_values: int
    statistics: Value | None


class StampFile:
    """A Parquet file of stamps, a row group for each call of `write`; no file before `close`.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")
        self.file.write(MAGIC)
        self.groups: list[Value] = []
        self.n_rows = 0

    def write(
        self,
        render_ids: Sequence[str],
        stamp_size: int,
        bandsets: Sequence[str],
        part_id: str,
        pixels: np.ndarray,
    ) -> None:
        """Write stamps of one size.

        Parameters
        ----------
        render_ids, bandsets : (n,) str
        stamp_size : int, pixel
        part_id : str
        pixels : (n, n_band, size, size) float32, nanomaggy
        """
        n = len(render_ids)
        if n == 0:
            return
        chunks = [
            self._text(render_ids),
            self._numbers([stamp_size] * n),
            self._text(bandsets),
            self._text([part_id] * n),
            self._pixels(pixels.astype("<f4", copy=False).reshape(n, -1)),
        ]
        self.groups.append(_row_group(chunks, n))
        self.n_rows += n
        self._begin_sync(chunks[0].offset)

    def close(self) -> None:
        """Write what the file holds to its end."""
        footer = _footer(self.groups, self.n_rows)
        self.file.write(footer + len(footer).to_bytes(4, "little") + MAGIC)
        self.file.close()

    def abandon(self) -> None:
        """Leave the file as it is, which is no whole one; nothing happens to a closed one."""
        with suppress(OSError):  # what is buffered may not fit on a full disk
            self.file.close()

    def _begin_sync(self, offset: int) -> None:
        """Let the disk begin with what was written from a byte on, so that the end need not wait.

        Linux starts to write what one says not to need; that the pages then leave the memory is right
        for stamps, which nobody reads soon.
        """
        self.file.flush()
        if hasattr(os, "posix_fadvise"):
            length = self.file.tell() - offset
            os.posix_fadvise(self.file.fileno(), offset, length, os.POSIX_FADV_DONTNEED)

    def _text(self, texts: Sequence[str]) -> Chunk:
        values = [text.encode() for text in texts]
        body = b"".join(len(value).to_bytes(4, "little") + value for value in values)
        levels = _levels(_run(PRESENT, len(values)))
        return self._chunk([(len(values), levels, body)], _statistics(min(values), max(values)))

    def _numbers(self, numbers: Sequence[int]) -> Chunk:
        body = np.array(numbers, "<i4").tobytes()
        levels = _levels(_run(PRESENT, len(numbers)))
        ends = (int(end).to_bytes(4, "little") for end in (min(numbers), max(numbers)))
        return self._chunk([(len(numbers), levels, body)], _statistics(*ends))

    def _pixels(self, pixels: np.ndarray) -> Chunk:
        n_values = pixels.shape[1]
        n_stamps = max(1, PAGE_BYTES // (pixels.itemsize * n_values))
        pages = []
        for start in range(0, len(pixels), n_stamps):
            stamps = np.ascontiguousarray(pixels[start : start + n_stamps])
            starts = (_run(0, 1) + _run(1, n_values - 1)) * len(stamps)
            levels = _levels(starts) + _levels(_run(ELEMENT_PRESENT, stamps.size))
            pages.append((stamps.size, levels, memoryview(stamps).cast("B")))
        return self._chunk(pages, None)

    def _chunk(
        self, pages: Sequence[tuple[int, bytes, bytes | memoryview]], statistics: Value | None
    ) -> Chunk:
        """Write the pages of a column: number of values, levels, and the values themselves."""
        offset = self.file.tell()
        for n_values, levels, body in pages:
            self.file.write(_page_header(n_values, len(levels) + len(body)) + levels)
            self.file.write(body)
        n_bytes = self.file.tell() - offset
        return Chunk(offset, n_bytes, sum(page[0] for page in pages), statistics)


def _run(level: int, n: int) -> bytes:
    """A level n times, in the run-length encoding; nothing for no times."""
    return varint(n << 1) + bytes([level]) if n else b""


def _levels(runs: bytes) -> bytes:
    return len(runs).to_bytes(4, "little") + runs


def _page_header(n_values: int, n_bytes: int) -> bytes:
    data = record({1: int32(n_values), 2: int32(PLAIN), 3: int32(RLE), 4: int32(RLE)})
    sizes = {1: int32(DATA_PAGE), 2: int32(n_bytes), 3: int32(n_bytes)}
    return record(sizes | {5: data}).content


def _statistics(lowest: bytes, highest: bytes) -> Value:
    return record({3: int64(0), 5: binary(highest), 6: binary(lowest)})


def _row_group(chunks: Sequence[Chunk], n_rows: int) -> Value:
    columns = array([_column_chunk(*pair) for pair in zip(COLUMNS, chunks, strict=True)])
    n_bytes = sum(chunk.n_bytes for chunk in chunks)
    return record({1: columns, 2: int64(n_bytes), 3: int64(n_rows)})


def _column_chunk(column: Column, chunk: Chunk) -> Value:
    fields = {
        1: int32(column.kind),
        2: array([int32(PLAIN), int32(RLE)]),
        3: array([binary(name.encode()) for name in column.path]),
        4: int32(0),  # not compressed
        5: int64(chunk.n_values),
        6: int64(chunk.n_bytes),
        7: int64(chunk.n_bytes),
        9: int64(chunk.offset),
    }
    if chunk.statistics is not None:
        fields[12] = chunk.statistics
    return record({2: int64(chunk.offset), 3: record(fields)})


def _footer(groups: Sequence[Value], n_rows: int) -> bytes:
    fields = {1: int32(1), 2: array(_schema()), 3: int64(n_rows), 4: array(groups)}
    order = record({1: record({})})  # of minima and maxima: that of the column's type
    fields |= {6: binary(b"dark-halo-scope"), 7: array([order] * len(COLUMNS))}
    return record(fields).content


def _schema() -> list[Value]:
    """The columns, a list of pixels as three levels of them."""
    elements = [record({4: binary(b"schema"), 5: int32(len(COLUMNS))})]
    for column in COLUMNS[:-1]:
        fields = {1: int32(column.kind), 3: int32(OPTIONAL), 4: binary(column.name.encode())}
        elements.append(record(fields | ({6: int32(UTF8)} if column.kind == TEXT_TYPE else {})))
    elements.append(record({3: int32(OPTIONAL), 4: binary(b"pixels"), 5: int32(1), 6: int32(LIST)}))
    elements.append(record({3: int32(REPEATED), 4: binary(b"list"), 5: int32(1)}))
    elements.append(record({1: int32(FLOAT_TYPE), 3: int32(OPTIONAL), 4: binary(b"element")}))
    return elements
