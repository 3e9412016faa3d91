"""Values as a reader sees them, and bins as they are called and drawn."""

import datetime
import math

import pytest

from report.bins import bin_label, drawn_ends
from report.blocks import Link
from report.cells import is_number, markup, text

INFINITY = math.inf


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "yes"),
        (1234, "1234"),
        (5327834, "5,327,834"),
        (0.8571428571428571, "0.8571"),
        (1.5e-7, "1.5e-07"),
        (math.nan, ""),
        (["staging", "regions"], "staging, regions"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, 678), "2026-01-02 03:04:05"),
    ],
)
def test_a_value_is_short_text(value, expected):
    assert text(value) == expected


def test_names_may_break_at_underscores_and_markup_is_escaped():
    assert markup("too_few<b>") == "too_<wbr>few&lt;b&gt;"
    assert markup(Link("a & b", "x.html")) == '<a href="x.html">a &amp; b</a>'


def test_only_numbers_stand_to_the_right():
    assert [is_number(value) for value in (1, 1.5, True, "1", None)] == [True, True, False, False, False]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.25, 0.5, "0.25\u20130.5"),
        (-INFINITY, 18.0, "< 18"),
        (3.0, INFINITY, "\u2265 3"),
        (None, None, "outside"),
    ],
)
def test_a_bin_has_a_name_without_infinity(low, high, expected):
    assert bin_label(low, high) == expected


def test_open_bins_are_drawn_beside_the_others():
    assert drawn_ends(-INFINITY, 18.0, 0.5) == (17.5, 18.0)
    assert drawn_ends(3.0, INFINITY, 0.5) == (3.0, 3.5)
    assert drawn_ends(1.0, 2.0, 0.5) == (1.0, 2.0)
