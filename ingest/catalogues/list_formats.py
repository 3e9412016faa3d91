"""Lists of objects as people publish them: names, units and rows of text.

CSV with any usual separator, tab-separated files of VizieR, and three formats that astropy reads:
FITS, VOTable, ECSV; each gzipped or not. The format is recognised by the bytes, not by the name.
"""

import csv
import gzip
import io
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Table

from store.failures import FileRefused

MAX_BYTES = 1 << 30  # of an unpacked list; the largest public ones have a few MB
SEPARATORS = ",\t;|"
BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
MAX_SHOWN = 40  # characters of a cell in a message

csv.field_size_limit(1 << 20)


@dataclass(frozen=True)
class ListedRows:
    """The columns and rows of a list.

    Parameters
    ----------
    names, units : sequence of str
        Of each column; a unit is empty where the file does not give it.
    rows : iterator of sequences of str
        A cell for each column, stripped; missing values are empty.
    """

    names: Sequence[str]
    units: Sequence[str]
    rows: Iterator[Sequence[str]]


def read_list(path: Path, needed: frozenset[str]) -> ListedRows:
    """Read a list of objects in any of these formats.

    Parameters
    ----------
    path : Path
    needed : frozenset of str
        Names in lower case; a line of text with any of them is the header.

    Raises
    ------
    FileRefused
        ``unreadable``, ``file_truncated`` or ``absurd_size``.
    """
    content = _unpacked(path.read_bytes())
    start = content[:4096].lstrip()
    if start.startswith(b"SIMPLE  ="):
        return _from_astropy(content, "fits")
    if start.startswith((b"<?xml", b"<VOTABLE")):
        return _from_astropy(content, "votable")
    if start.startswith(b"# %ECSV"):
        return _from_astropy(content, "ascii.ecsv")
    return _from_text(_decoded(content), needed)


def shown(text: str) -> str:
    """Make a piece of a file fit for a terminal and a table."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_SHOWN])


def _unpacked(content: bytes) -> bytes:
    """Return the content, unpacked if it is gzipped."""
    if not content.startswith(b"\x1f\x8b"):
        if len(content) > MAX_BYTES:
            raise FileRefused(
                "absurd_size", f"{len(content)} bytes are too many for a list of objects"
            )
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused("file_truncated", f"the gzip stream is broken: {error}") from error
    if len(unpacked) > MAX_BYTES:
        raise FileRefused("absurd_size", f"unpacks to more than {MAX_BYTES} bytes")
    return unpacked


def _decoded(content: bytes) -> str:
    """Return the content as text; refuse binary content."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    text = content.decode("utf-8", "replace")
    if "\0" in text:
        raise FileRefused("unreadable", "the file contains NUL bytes: not a list in a known format")
    return text


def _from_astropy(content: bytes, kind: str) -> ListedRows:
    """Read a list in a format of astropy."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(io.BytesIO(content), format=kind)
        columns = [_texts(table[name]) for name in table.colnames]
        units = [str(getattr(table[name], "unit", None) or "") for name in table.colnames]
    except Exception as error:  # astropy's readers raise whatever their parsers do
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise FileRefused("unreadable", f"astropy cannot read it as {kind}: {line}") from error
    return ListedRows(table.colnames, units, zip(*columns, strict=True))


def _texts(column: np.ndarray) -> list[str]:
    """Return the cells of a column as text; missing values are empty."""
    mask = np.asarray(np.ma.getmaskarray(np.ma.asarray(column)))
    missing = [bool(np.any(cell)) for cell in mask]
    return [
        ""
        if is_missing
        else (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()
        for cell, is_missing in zip(column, missing, strict=True)
    ]


def _from_text(text: str, needed: frozenset[str]) -> ListedRows:
    """Read separated text.

    Its header may be a comment, and units may follow it.
    """
    lines = list(io.StringIO(text, newline=None))  # not at form feeds and their like
    number, separator = _header_place(lines, needed)
    cells = csv.reader(iter(lines[number:]), delimiter=separator)
    header = [cell.strip() for cell in next(cells, [])]
    if header:
        header[0] = header[0].lstrip("#").strip()
    rows = (
        [cell.strip() for cell in row]
        for row in cells
        if any(cell.strip() for cell in row) and not _is_comment(row, header)
    )
    return ListedRows(header, [""] * len(header), rows)


def _is_comment(row: Sequence[str], header: Sequence[str]) -> bool:
    """Tell a comment from a lens whose name begins with the same sign."""
    return row[0].lstrip().startswith("#") and len(row) < len(header)


def _header_place(lines: Sequence[str], needed: frozenset[str]) -> tuple[int, str]:
    """Find the line that names the columns, and what separates them there.

    Without a line that has a needed name, the first line that is not a comment is taken for the
    header: its names go into the message that refuses the file.
    """
    for number, line in enumerate(lines[:1000]):
        for separator in SEPARATORS:
            cells = [cell.strip().strip('"').lower() for cell in line.split(separator)]
            cells[0] = cells[0].lstrip("#").strip()
            if len(cells) > 1 and any(_bare(cell) in needed for cell in cells):
                return number, separator
        if line.strip() and not line.lstrip().startswith("#"):
            return number, "\t" if "\t" in line else ","
    return 0, ","


def _bare(name: str) -> str:
    """Return a name without the unit in brackets that may follow it."""
    return name.partition("(")[0].partition("[")[0].strip()
