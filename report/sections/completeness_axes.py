"""Completeness against one axis at a time."""

import altair as alt
import duckdb
import numpy as np
import polars as pl

from report.bins import AXIS_TITLES, bin_label, drawn_ends
from report.blocks import Figure
from report.style import CATEGORY_COLOURS, HEIGHT, WIDTH

DODGE = 0.08  # of a bin's width, between rules, so that intervals do not hide each other
COUNTS = {
    "n_attempt": "injections asked for",
    "n_valid": "usable",
    "n_recovered": "recovered",
    "n_hosts": "hosts",
}
SHARES = {
    "completeness": "completeness",
    "wilson_low": "interval from",
    "wilson_high": "interval to",
}


def tooltips(**first: str) -> list[alt.Tooltip]:
    """Return tooltips: the given fields, counts, completeness, interval."""
    return [
        *(alt.Tooltip(f"{name}:N", title=title) for name, title in first.items()),
        *(alt.Tooltip(f"{name}:Q", title=title, format=",") for name, title in COUNTS.items()),
        *(alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in SHARES.items()),
    ]


def figure(lake: duckdb.DuckDBPyConnection, experiment: str) -> Figure:
    """Return completeness along each binned axis, for every usable rule."""
    rows = bins_of_axes(lake, experiment)
    rules = rows["rule"].unique(maintain_order=True).to_list()
    axes = [axis for axis in AXIS_TITLES if axis in rows["axis"].to_list()]
    charts = [one_axis(rows.filter(pl.col("axis") == axis), axis, rules) for axis in axes]
    return Figure(
        "completeness_axes",
        alt.concat(*charts, columns=2),
        "Completeness against one axis at a time, averaged over the others as they were injected. The points of one bin are drawn "
        "side by side; vertical bars are Wilson intervals that allow for injections that share a host. Bins without a usable injection "
        "have no point; the first and last bin of an axis can be open. Hover over a point for its bin and counts.",
    )


def bins_of_axes(lake: duckdb.DuckDBPyConnection, experiment: str) -> pl.DataFrame:
    """Return the bins of all axes, each with its place on its axis.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection
    experiment : str

    Returns
    -------
    polars.DataFrame
        One row per axis, bin and rule; ``place`` is in the unit of the axis (`AXIS_TITLES`).
    """
    rows = lake.execute(
        """
        select axis, rule, completeness_marginals.rule_kind, low, high, n_attempt, n_valid, n_recovered, n_hosts,
            completeness_valid as completeness, wilson_low, wilson_high, rule_number
        from completeness_marginals inner join recovery_thresholds using (experiment_id, rule)
        where experiment_id = ? and quality = 'all' and value is null and low is not null and n_valid > 0
        order by rule_number, axis, low
        """,
        [experiment],
    ).pl()
    return pl.concat([placed(part) for _, part in rows.group_by("axis", maintain_order=True)])


def placed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the bins of one axis with label and place.

    Open bins are drawn with the median width of the others.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per bin and rule, with its ends ``low`` and ``high`` in the unit of the axis.

    Returns
    -------
    polars.DataFrame
        The same rows; ``bin``, a label, and ``place``, in the unit of the axis, replace the ends.
    """
    finite = rows.filter(pl.col("low").is_finite() & pl.col("high").is_finite())
    widths = (finite["high"] - finite["low"]).to_numpy()
    width = float(np.median(widths)) if len(widths) else 1.0
    pairs = list(zip(rows["low"], rows["high"], strict=True))
    ends = [drawn_ends(low, high, width) for low, high in pairs]
    rules = sorted(rows["rule_number"].unique())
    shift = [rules.index(rule) - (len(rules) - 1) / 2 for rule in rows["rule_number"]]
    narrowest = min(high - low for low, high in ends)
    return rows.drop("low", "high").with_columns(
        bin=pl.Series([bin_label(*pair) for pair in pairs]),
        place=pl.Series(
            [
                (low + high) / 2 + DODGE * by * narrowest
                for (low, high), by in zip(ends, shift, strict=True)
            ]
        ),
    )


def one_axis(rows: pl.DataFrame, axis: str, rules: list[str]) -> alt.LayerChart:
    """Draw the panel of one axis.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per bin and rule, as `bins_of_axes` returns them.
    axis : str
        Key of `AXIS_TITLES`.
    rules : list of str
        All rules of the figure, which fix the colours.

    Returns
    -------
    altair.LayerChart
    """
    colours = alt.Scale(domain=rules, range=CATEGORY_COLOURS[: len(rules)])
    base = alt.Chart(rows).encode(
        x=alt.X(
            "place:Q",
            title=AXIS_TITLES[axis],
            scale=alt.Scale(zero=False, padding=12, nice=False),
            axis=alt.Axis(tickCount=6),
        ),
        color=alt.Color("rule:N", scale=colours, title="rule"),
        tooltip=tooltips(rule="rule", rule_kind="judges", bin=AXIS_TITLES[axis]),
    )
    share = alt.Scale(domain=[0, 1])
    bars = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("wilson_low:Q", scale=share, title="completeness"), y2="wilson_high:Q"
    )
    lines = base.mark_line(strokeWidth=1, opacity=0.5).encode(y="completeness:Q")
    points = base.mark_point(filled=True, size=45, opacity=1).encode(
        y="completeness:Q", shape=alt.Shape("rule_kind:N", title="judges")
    )
    return (bars + lines + points).properties(width=WIDTH * 0.9, height=HEIGHT * 0.8)
