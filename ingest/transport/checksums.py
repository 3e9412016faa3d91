"""The survey's lists of checksums: lines of a sha256 and a name."""

import re
from collections.abc import Mapping
from pathlib import Path

from store.failures import FileRefused

LINE = re.compile(r"([0-9a-fA-F]{64})\s+\*?(\S+)\s*")
MAX_LIST_BYTES = 16 << 20


def read_checksums(path: Path) -> dict[str, str]:
    """Return the sha256 of each file of a list, by name without folder.

    Raises
    ------
    FileRefused
        ``bad_checksum_list`` when a list is not empty but has no such line.
    """
    text = path.read_bytes()[:MAX_LIST_BYTES].decode("ascii", "replace")
    found = {match[2].rsplit("/", 1)[-1]: match[1].lower() for match in LINE.finditer(text)}
    if text.strip() and not found:
        raise FileRefused("bad_checksum_list", f"no line of {path.name} is a checksum and a name")
    return found


def refuse_other_checksum(name: str, sha256: str, expected: Mapping[str, str]) -> None:
    """Refuse a file whose checksum differs from the survey's list."""
    wanted = expected.get(name)
    if wanted is not None and wanted != sha256:
        raise FileRefused(
            "checksum_mismatch", f"sha256 {sha256}, the survey's list says {wanted}: damaged"
        )
