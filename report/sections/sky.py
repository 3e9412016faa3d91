"""Where the bricks, regions and hosts are."""

import altair as alt
import duckdb

from report.blocks import Figure, Section
from report.style import HEIGHT, WIDTH, split_colour


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """The sky by split and the conditions of its bricks."""
    return Section(
        anchor="sky",
        title="Sky and conditions",
        lead="Bricks that pass the cuts, coloured by the split of their region; what the seeing and depth are there.",
        blocks=[region_map(lake), conditions(lake)],
    )


def region_map(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Bricks on the sky, RA growing to the left."""
    rows = lake.sql("""
        select
            bricks_with_region.brickname, bricks_with_region.region_id,
            if(bricks_with_region.ra > 180, bricks_with_region.ra - 360, bricks_with_region.ra) as ra_deg,
            bricks_with_region.dec as dec_deg,
            region_metrics.region_split as split
        from bricks_with_region
        inner join region_metrics using (region_id)
        using sample reservoir(8000 rows) repeatable (13)
    """).pl()
    chart = (
        alt.Chart(rows)
        .mark_square(size=18)
        .encode(
            x=alt.X(
                "ra_deg:Q",
                scale=alt.Scale(reverse=True, zero=False),
                title="RA (deg, from -180 to 180)",
            ),
            y=alt.Y("dec_deg:Q", scale=alt.Scale(zero=False), title="Dec (deg)"),
            color=split_colour(),
            tooltip=["brickname:N", "region_id:Q", "split:N"],
        )
        .properties(width=WIDTH * 1.8, height=HEIGHT * 1.2)
        .interactive()
    )
    return Figure(
        "region_map",
        chart,
        "Bricks with a region (at most 8,000 drawn). Drag and scroll to look closer.",
    )


def conditions(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Seeing against depth of the bricks of each split."""
    rows = lake.sql("""
        select
            round(bricks_with_region.psfsize_r / 0.05) * 0.05 as psf_fwhm_arcsec,
            round(bricks_with_region.psfdepth_r / 0.1) * 0.1 as depth_mag,
            region_metrics.region_split as split,
            count(*) as n_bricks
        from bricks_with_region
        inner join region_metrics using (region_id)
        group by all
        order by all
    """).pl()
    chart = (
        alt.Chart(rows)
        .mark_circle(opacity=0.7)
        .encode(
            x=alt.X(
                "psf_fwhm_arcsec:Q", scale=alt.Scale(zero=False), title="PSF FWHM in r (arcsec)"
            ),
            y=alt.Y(
                "depth_mag:Q", scale=alt.Scale(zero=False), title="5-sigma PSF depth in r (AB mag)"
            ),
            size=alt.Size("n_bricks:Q", title="bricks"),
            color=split_colour(),
            tooltip=["psf_fwhm_arcsec:Q", "depth_mag:Q", "split:N", "n_bricks:Q"],
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    return Figure(
        "conditions", chart, "Seeing and depth of the bricks, from the survey's brick table."
    )
