"""Where the bricks and regions are, and what the conditions are there."""

import altair as alt
import duckdb
import polars as pl

from report.blocks import Figure, Section
from report.style import HEIGHT, WIDTH, amount_colour, split_colour

MAX_BRICKS = 8000
GAP_DEG = 10  # empty right ascension that parts two fields
MAX_FIELDS = 4  # more are drawn on one map
RA_LABEL = "(datum.value + 360) % 360"


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """The sky by split and the conditions of its bricks."""
    return Section(
        anchor="sky",
        title="Sky and conditions",
        lead="Bricks that pass the cuts, coloured by the split of their region, and what the seeing and depth are there.",
        blocks=[region_map(lake), conditions(lake)],
    )


def region_map(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Outlines of the bricks on the sky, RA growing to the left; fields far apart have a panel each."""
    rows = with_fields(bricks(lake))
    fields = rows["field"].unique().sort().to_list()
    panels = [panel(rows.filter(pl.col("field") == field), field, len(fields)) for field in fields]
    return Figure(
        "region_map",
        alt.hconcat(*panels),
        f"Bricks with a region (at most {MAX_BRICKS:,} drawn), one panel for each field of the sky. Drag and scroll to look closer.",
    )


def bricks(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Corners of bricks, RA from -180 to 180 so that fields across RA 0 are whole."""
    return lake.sql(f"""
        select
            brickname, bricks_with_region.region_id, region_metrics.n_bricks,
            if(bricks_with_region.ra > 180, 360, 0) as turn,
            ra1 - turn as ra1_deg, ra2 - turn as ra2_deg, dec1 as dec1_deg, dec2 as dec2_deg,
            psfsize_r, psfdepth_r, region_metrics.region_split as split
        from bricks_with_region
        inner join region_metrics using (region_id)
        order by md5(brickname)
        limit {MAX_BRICKS}
    """).pl()


def with_fields(rows: pl.DataFrame) -> pl.DataFrame:
    """Bricks with the number of the field they lie in: fields are parted by empty right ascension."""
    ordered = rows.sort("ra1_deg")
    gap = ordered["ra1_deg"] - ordered["ra2_deg"].cum_max().shift(1)
    numbered = ordered.with_columns(field=(gap > GAP_DEG).fill_null(value=False).cum_sum())
    if numbered["field"].n_unique() > MAX_FIELDS:
        return ordered.with_columns(field=pl.lit(0))
    return numbered.with_columns(field=numbered["field"].max() - numbered["field"])


def panel(rows: pl.DataFrame, field: int, n_fields: int) -> alt.Chart:
    """The map of one field."""
    return (
        alt.Chart(rows)
        .mark_rect(stroke="white", strokeWidth=0.3)
        .encode(
            x=alt.X(
                "ra1_deg:Q",
                scale=alt.Scale(reverse=True, zero=False),
                axis=alt.Axis(labelExpr=RA_LABEL, tickCount=5),
                title="RA (deg)",
            ),
            x2="ra2_deg:Q",
            y=alt.Y("dec1_deg:Q", scale=alt.Scale(zero=False), title="Dec (deg)"),
            y2="dec2_deg:Q",
            color=split_colour(),
            tooltip=[
                alt.Tooltip("brickname:N", title="brick"),
                alt.Tooltip("region_id:N", title="region"),
                alt.Tooltip("n_bricks:Q", title="bricks of the region"),
                alt.Tooltip("split:N"),
                alt.Tooltip("psfsize_r:Q", title="PSF FWHM in r (arcsec)", format=".2f"),
                alt.Tooltip("psfdepth_r:Q", title="5-sigma depth in r (AB mag)", format=".2f"),
            ],
        )
        .properties(width=WIDTH * 1.8 / n_fields, height=HEIGHT * 1.2)
        .interactive(name=f"field_{field}")
    )


def conditions(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Seeing against depth of the bricks of each split."""
    rows = lake.sql("""
        select
            floor(bricks_with_region.psfsize_r / 0.05) * 0.05 as psf_low,
            psf_low + 0.05 as psf_high,
            floor(bricks_with_region.psfdepth_r / 0.1) * 0.1 as depth_low,
            depth_low + 0.1 as depth_high,
            region_metrics.region_split as split,
            count(*) as n_bricks
        from bricks_with_region
        inner join region_metrics using (region_id)
        group by all
        order by all
    """).pl()
    chart = (
        alt.Chart(rows)
        .mark_rect()
        .encode(
            x=alt.X("psf_low:Q", scale=alt.Scale(zero=False), title="PSF FWHM in r (arcsec)"),
            x2="psf_high:Q",
            y=alt.Y(
                "depth_low:Q",
                scale=alt.Scale(zero=False),
                title="5-sigma point-source depth in r (AB mag)",
            ),
            y2="depth_high:Q",
            color=amount_colour("n_bricks:Q", "bricks"),
            tooltip=[
                alt.Tooltip("split:N"),
                alt.Tooltip("psf_low:Q", title="PSF FWHM from (arcsec)", format=".2f"),
                alt.Tooltip("depth_low:Q", title="depth from (AB mag)", format=".1f"),
                alt.Tooltip("n_bricks:Q", title="bricks", format=","),
            ],
        )
        .properties(width=WIDTH * 0.6, height=HEIGHT)
        .facet(column=alt.Column("split:N", title=None))
    )
    return Figure(
        "conditions",
        chart,
        "Seeing and depth of the bricks of each split, from the survey's brick table.",
    )
