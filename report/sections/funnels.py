"""How many sources each cut leaves."""

import altair as alt
import duckdb

from report.blocks import Figure, Section
from report.style import WIDTH


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """The parent funnel, cut by cut."""
    return Section(
        anchor="funnel",
        title="Funnel",
        lead="Every catalogue source is counted once, under the first cut that it fails.",
        blocks=[parent_funnel(lake)],
    )


def parent_funnel(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Bars of what enters and what leaves each cut."""
    rows = lake.sql("""
        select cut_order, cut_name, sum(n_in)::bigint as n_in, sum(n_out)::bigint as n_out, sum(n_cut)::bigint as n_lost
        from parent_funnel
        group by all
        order by cut_order
    """).pl()
    bars = alt.Chart(rows).encode(
        y=alt.Y("cut_name:N", sort=None, title="cut, in order"),
        tooltip=["cut_name:N", "n_in:Q", "n_out:Q", "n_lost:Q"],
    )
    entering = bars.mark_bar(color="#dddddd").encode(x=alt.X("n_in:Q", title="sources"))
    leaving = bars.mark_bar(color="#0072B2", height=8).encode(x="n_out:Q")
    return Figure(
        name="parent_funnel",
        chart=(entering + leaving).properties(width=WIDTH * 1.5, height=26 * len(rows)),
        caption="Sources that enter a cut (grey) and that pass it (blue).",
    )
