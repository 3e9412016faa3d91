"""Where the bricks and regions are, and the conditions there."""

import math
from dataclasses import dataclass

import altair as alt
import duckdb
import polars as pl

from report.bins import PSFSIZE
from report.blocks import Figure, Section
from report.style import HEIGHT, WIDTH, amount_colour, split_colour

MAX_BRICKS = 8000
GAP_DEG = 10  # empty right ascension that separates two fields
MAX_FIELDS = 4  # with more, all are drawn on one map
RA_LABEL = "(datum.value + 360) % 360"
MARGIN_DEG = 0.2
# Of all panels together, in pixels; the gap holds an axis and its title.
MAP_WIDTH, MAP_HEIGHT, PANEL_GAP = 800, 420, 70
PIXELS_PER_TICK = 60


@dataclass(frozen=True)
class Window:
    """Part of the sky that a panel shows, in degrees."""

    ra_deg: tuple[float, float]
    dec_deg: tuple[float, float]

    @property
    def width_deg(self) -> float:
        """Return the width on the sky, at the middle of the panel."""
        return (self.ra_deg[1] - self.ra_deg[0]) * math.cos(math.radians(sum(self.dec_deg) / 2))

    @property
    def height_deg(self) -> float:
        """Return the height on the sky."""
        return self.dec_deg[1] - self.dec_deg[0]


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return the map of the bricks and their conditions."""
    return Section(
        anchor="sky",
        title="Sky and conditions",
        lead="Bricks that pass the cuts, coloured by the split of their region, and their seeing and depth.",
        blocks=[region_map(lake), conditions(lake)],
    )


def region_map(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw the bricks on the sky, RA growing to the left.

    Fields that are far apart have a panel each.
    """
    rows = with_fields(bricks(lake))
    fields = rows.partition_by("field", maintain_order=True)
    windows = [window_of(field) for field in fields]
    scale = pixels_per_deg(windows)
    colour = split_colour(rows["split"].unique().to_list())
    panels = [panel(*each, scale, colour) for each in zip(fields, windows, strict=True)]
    return Figure(
        "region_map",
        alt.hconcat(*panels),
        f"Bricks with a region (at most {MAX_BRICKS:,} are drawn), one panel per field of the sky, all at one scale. Drag and scroll to zoom.",
    )


def bricks(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the corners of the bricks, RA from -180 to 180.

    A field across RA 0 stays whole in that range.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection

    Returns
    -------
    polars.DataFrame
        One row per brick with a region, at most `MAX_BRICKS`: ``ra1_deg``, ``ra2_deg``,
        ``dec1_deg`` and ``dec2_deg``, degree; ``psfsize_r``, arcsec; ``psfdepth_r``, AB mag; and
        its region and split.
    """
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
    """Return bricks with the number of their field.

    Empty right ascension separates fields.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per brick, as `bricks` returns them.

    Returns
    -------
    polars.DataFrame
        The same rows with ``field``, counted from 0 at the largest right ascension; 0 for
        all if there are more than `MAX_FIELDS`.
    """
    ordered = rows.sort("ra1_deg")
    gap = ordered["ra1_deg"] - ordered["ra2_deg"].cum_max().shift(1)
    numbered = ordered.with_columns(field=(gap > GAP_DEG).fill_null(value=False).cum_sum())
    if numbered["field"].n_unique() > MAX_FIELDS:
        return ordered.with_columns(field=pl.lit(0))
    return numbered.with_columns(field=numbered["field"].max() - numbered["field"])


def window_of(rows: pl.DataFrame) -> Window:
    """Return the part of the sky that a panel of these bricks shows.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per brick, as `bricks` returns them.

    Returns
    -------
    Window
        The bricks with a margin around them, degree.
    """
    ra, dec = (
        (
            float(rows[f"{axis}1_deg"].to_numpy().min()) - MARGIN_DEG,
            float(rows[f"{axis}2_deg"].to_numpy().max()) + MARGIN_DEG,
        )
        for axis in ("ra", "dec")
    )
    return Window(ra, dec)


def pixels_per_deg(windows: list[Window]) -> float:
    """Return the largest scale at which the panels fit side by side."""
    across = sum(window.width_deg for window in windows)
    up = max(window.height_deg for window in windows)
    return min((MAP_WIDTH - PANEL_GAP * (len(windows) - 1)) / across, MAP_HEIGHT / up)


def panel(rows: pl.DataFrame, window: Window, scale: float, colour: alt.Color) -> alt.Chart:
    """Draw the map of one field.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per brick of one field, as `with_fields` returns them.
    window : Window
    scale : float, pixel / degree
    colour : altair.Color
        Colours of the splits.

    Returns
    -------
    altair.Chart
    """
    return (
        alt.Chart(rows)
        .mark_rect(stroke="white", strokeWidth=0.3)
        .encode(
            x=alt.X(
                "ra1_deg:Q",
                scale=alt.Scale(domain=window.ra_deg, reverse=True, nice=False),
                axis=alt.Axis(labelExpr=RA_LABEL, tickCount=ticks(scale * window.width_deg)),
                title="RA (deg)",
            ),
            x2="ra2_deg:Q",
            y=alt.Y(
                "dec1_deg:Q",
                scale=alt.Scale(domain=window.dec_deg, nice=False),
                axis=alt.Axis(tickCount=ticks(scale * window.height_deg)),
                title="Dec (deg)",
            ),
            y2="dec2_deg:Q",
            color=colour,
            tooltip=[
                alt.Tooltip("brickname:N", title="brick"),
                alt.Tooltip("region_id:N", title="region"),
                alt.Tooltip("n_bricks:Q", title="bricks of the region"),
                alt.Tooltip("split:N"),
                alt.Tooltip("psfsize_r:Q", title="psfsize in r (arcsec)", format=".2f"),
                alt.Tooltip("psfdepth_r:Q", title="5-sigma depth in r (AB mag)", format=".2f"),
            ],
        )
        .properties(width=scale * window.width_deg, height=scale * window.height_deg)
        .interactive(name=f"field_{rows['field'].to_list()[0]}")
    )


def ticks(pixels: float) -> int:
    """Return how many ticks an axis has room for."""
    return max(2, round(pixels / PIXELS_PER_TICK))


def conditions(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw seeing against depth for the bricks of each split."""
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
            x=alt.X("psf_low:Q", scale=alt.Scale(zero=False), title="psfsize in r (arcsec)"),
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
                alt.Tooltip("psf_low:Q", title="psfsize from (arcsec)", format=".2f"),
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
        f"Seeing and depth of the bricks of each split, from the survey's brick table. {PSFSIZE}",
    )
