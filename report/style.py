"""One look for every figure.

Colours suit colour-blind readers too, and all amounts share one scale.
"""

from typing import Final

import altair as alt

# Okabe & Ito (2008), Color Universal Design
SPLIT_COLOURS = {"train": "#0072B2", "val": "#E69F00", "test": "#009E73", "buffer": "#999999"}
CATEGORY_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
AMOUNT_SCHEME: Final = "viridis"
WIDTH = 420
HEIGHT = 260


def split_colour(present: list[str]) -> alt.Color:
    """Return the colours of the splits, the same in every figure.

    The legend names only the splits that are present.
    """
    colours = {split: colour for split, colour in SPLIT_COLOURS.items() if split in present}
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color("split:N", scale=scale, title="split")


def category_colour(field: str, title: str) -> alt.Color:
    """Return colours for a handful of named things."""
    return alt.Color(field, scale=alt.Scale(range=CATEGORY_COLOURS), title=title)


def fraction_colour(field: str, title: str) -> alt.Color:
    """Return the scale of every completeness, from 0 to 1."""
    return alt.Color(field, scale=alt.Scale(scheme=AMOUNT_SCHEME, domain=[0, 1]), title=title)


def amount_colour(field: str, title: str) -> alt.Color:
    """Return the scale of a count, in the colours of completeness."""
    return alt.Color(field, scale=alt.Scale(scheme=AMOUNT_SCHEME), title=title)


def themed(chart: alt.TopLevelMixin) -> alt.TopLevelMixin:
    """Return the chart with the fonts and grid of the report."""
    return (
        chart.configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=13, gridColor="#e6e6e6")
        .configure_legend(labelFontSize=12, titleFontSize=13)
        .configure_header(labelFontSize=12, titleFontSize=13)
    )
