"""Headers of a FITS file: the few cards that a reader of pixels needs.

Opening a survey file through a general library and touching its table costs tens of milliseconds,
as much as decoding all the tiles that a brick's stamps need.
"""

import mmap
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BLOCK_BYTES = 2880
CARD_BYTES = 80
MAX_HEADER_BLOCKS = 400  # the survey's have under ten; a header without END stops here
MAX_HDUS = 64

CardValue = str | int | float | bool

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?")


class FitsError(Exception):
    """A file that cannot be read as it should be.

    Parameters
    ----------
    reason_code : str
        One of ``seeds/staging/reason_codes.csv``.
    message : str
        What is wrong, in words.
    """

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code


@dataclass(frozen=True)
class Hdu:
    """One header with its place in the file.

    Parameters
    ----------
    cards : mapping
        Keyword to value; the first card of a keyword counts.
    data_offset, data_size : int, bytes
        Where the data unit starts and how long it is, without the padding.
    """

    cards: Mapping[str, CardValue]
    data_offset: int
    data_size: int

    @property
    def end(self) -> int:
        """Return the first byte after the data unit and its padding."""
        return self.data_offset + _padded(self.data_size)

    def integer(self, keyword: str, default: int | None = None) -> int:
        """Return the value of an integer card.

        Raises
        ------
        FitsError
            When the card is absent and has no default, or is not an integer.
        """
        value = self.cards.get(keyword, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise FitsError("bad_header", f"card {keyword} is {value!r}, an integer is needed")
        return value

    def text(self, keyword: str, default: str = "") -> str:
        """Return the text of a card, stripped.

        The default when it is absent or no text.
        """
        value = self.cards.get(keyword, default)
        return value.strip() if isinstance(value, str) else default


def map_file(path: Path) -> np.ndarray:
    """Map the bytes of a FITS file into memory, read-only.

    Parameters
    ----------
    path : Path

    Returns
    -------
    (n_bytes,) uint8

    Raises
    ------
    FitsError
        ``file_missing``; ``file_truncated`` when it is empty or its length is no multiple of 2880.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0 or size % BLOCK_BYTES:
                raise FitsError(
                    "file_truncated", f"{path.name}: {size} bytes, not a multiple of {BLOCK_BYTES}"
                )
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except FileNotFoundError as error:
        raise FitsError("file_missing", f"{path.name} is not there") from error
    except OSError as error:
        raise FitsError("file_unreadable", f"{path.name}: {error.strerror or error}") from error


def read_hdus(data: np.ndarray) -> list[Hdu]:
    """Read all headers of a FITS file.

    Parameters
    ----------
    data : (n,) uint8
        The whole file.

    Returns
    -------
    list of Hdu

    Raises
    ------
    FitsError
        ``not_fits``, ``bad_header`` or ``file_truncated`` (a data unit reaches past the end).
    """
    if bytes(data[:9]) != b"SIMPLE  =":
        raise FitsError("not_fits", "the file does not start with SIMPLE")
    hdus: list[Hdu] = []
    offset = 0
    while offset < data.size:
        if len(hdus) == MAX_HDUS:
            raise FitsError("bad_header", f"more than {MAX_HDUS} headers")
        hdus.append(read_hdu(data, offset))
        offset = hdus[-1].end
    return hdus


def read_hdu(data: np.ndarray, offset: int) -> Hdu:
    """Read the header that starts at a byte of a file.

    Parameters
    ----------
    data : (n,) uint8
        The whole file.
    offset : int, bytes

    Returns
    -------
    Hdu

    Raises
    ------
    FitsError
        ``bad_header``, or ``file_truncated`` (the data unit reaches past the end).
    """
    cards, data_offset = _read_cards(data, offset)
    size = _data_size(cards)
    if data_offset + size > data.size:
        raise FitsError("file_truncated", f"data end at byte {data_offset + size} of {data.size}")
    return Hdu(cards, data_offset, size)


def _padded(size: int) -> int:
    """Round a size up to whole blocks."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _read_cards(data: np.ndarray, offset: int) -> tuple[dict[str, CardValue], int]:
    """Read the cards of the header at ``offset``; find where data start."""
    cards: dict[str, CardValue] = {}
    for start in range(offset, offset + MAX_HEADER_BLOCKS * BLOCK_BYTES, BLOCK_BYTES):
        block = data[start : start + BLOCK_BYTES].tobytes()
        if len(block) < BLOCK_BYTES:
            break
        if _add_cards(block.decode("latin-1"), cards):
            return cards, start + BLOCK_BYTES
    raise FitsError("bad_header", f"the header at byte {offset} has no END")


def _add_cards(block: str, cards: dict[str, CardValue]) -> bool:
    """Add the cards of one block of 36; return whether END was there."""
    for start in range(0, BLOCK_BYTES, CARD_BYTES):
        keyword = block[start : start + 8].rstrip()
        if keyword == "END":
            return True
        if block[start + 8 : start + 10] == "= " and keyword not in cards:
            cards[keyword] = _value(block[start + 10 : start + CARD_BYTES])
    return False


def _value(field: str) -> CardValue:
    """Parse the value of a card from its columns 11 to 80.

    Text that is no value stays text.
    """
    field = field.strip()
    if field.startswith("'"):
        return re.split(r"(?<!')'(?!')", field[1:], maxsplit=1)[0].replace("''", "'").rstrip()
    word = field.split("/", 1)[0].strip()
    if word in ("T", "F"):
        return word == "T"
    match = _NUMBER.fullmatch(word)
    if match is None:
        return word
    if "." in word or match.group(2):
        return float(word.replace("D", "E").replace("d", "e"))
    return int(word)


def _data_size(cards: Mapping[str, CardValue]) -> int:
    """Return the bytes of the data unit (FITS 4.0, equations 1 and 2)."""
    hdu = Hdu(cards, 0, 0)
    n_axes = hdu.integer("NAXIS")
    if not 0 <= n_axes <= 999:
        raise FitsError("bad_header", f"NAXIS is {n_axes}")
    if n_axes == 0:
        return 0
    size = abs(hdu.integer("BITPIX")) // 8 * hdu.integer("GCOUNT", 1)
    n_values = 1
    for axis in range(1, n_axes + 1):
        n_values *= hdu.integer(f"NAXIS{axis}")
    n_values += hdu.integer("PCOUNT", 0)
    if size < 0 or n_values < 0:
        raise FitsError("bad_header", f"a data unit of {size} times {n_values} bytes")
    return size * n_values
