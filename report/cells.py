"""Values of the lake as a reader expects them in a table."""

import datetime
import math
import re
from collections.abc import Callable
from typing import Any

import markupsafe

from report.blocks import Link

SIGNIFICANT_DIGITS = 4


def text(value: Any) -> str:
    """Return a value as plain text.

    Numbers have four significant digits, lists have commas, null is empty.
    """
    for kind, worded in WORDED:
        if isinstance(value, kind):
            return worded(value)
    return str(value)


WORDED: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (type(None), lambda _: ""),
    (bool, lambda value: "yes" if value else "no"),
    (int, lambda value: f"{value:,}" if abs(value) >= 10_000 else str(value)),
    (float, lambda value: "" if math.isnan(value) else f"{value:.{SIGNIFICANT_DIGITS}g}"),
    (datetime.datetime, lambda value: f"{value:%Y-%m-%d %H:%M:%S}"),
    ((list, tuple), lambda value: ", ".join(map(text, value))),
)


def markup(value: Any) -> markupsafe.Markup:
    """Return a value as HTML.

    Long names may break after an underscore, ranges may not break.
    """
    if isinstance(value, Link):
        return markupsafe.Markup('<a href="{}">{}</a>').format(value.address, value.text)
    escaped = markupsafe.escape(text(value))
    broken = re.sub(r"_(?=\w)", "_<wbr>", str(escaped))
    return markupsafe.Markup(broken.replace("\u2013", "&NoBreak;\u2013&NoBreak;"))


def is_number(value: Any) -> bool:
    """Return whether a value is aligned right in its column."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def experiment_label(tier: str, grid: str, stamp_size: int) -> str:
    """Return an experiment in a few words."""
    return f"{tier}, {grid.replace('_', ' ')}, {stamp_size} px"
