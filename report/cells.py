"""Values of the lake as a reader expects them in a table."""

import datetime
import math
import re
from typing import Any

import markupsafe

from report.blocks import Link

SIGNIFICANT_DIGITS = 4


def text(value: Any) -> str:
    """A value as plain text: numbers with four digits that count, lists with commas, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.{SIGNIFICANT_DIGITS}g}"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        return ", ".join(text(part) for part in value)
    return str(value)


def markup(value: Any) -> markupsafe.Markup:
    """The text of a value as HTML; long names may break after an underscore, ranges may not."""
    if isinstance(value, Link):
        return markupsafe.Markup('<a href="{}">{}</a>').format(value.address, value.text)
    escaped = markupsafe.escape(text(value))
    broken = re.sub(r"_(?=\w)", "_<wbr>", str(escaped))
    return markupsafe.Markup(broken.replace("\u2013", "&NoBreak;\u2013&NoBreak;"))


def is_number(value: Any) -> bool:
    """Whether a value stands to the right of its column."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def experiment_label(tier: str, grid: str, stamp_size: int) -> str:
    """An experiment in a few words."""
    return f"{tier}, {grid.replace('_', ' ')}, {stamp_size} px"
