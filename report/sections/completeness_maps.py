"""Completeness over two axes at a time."""

import textwrap

import altair as alt
import duckdb
import polars as pl

from report.bins import AXIS_TITLES, bin_label
from report.blocks import Figure
from report.sections.completeness_axes import tooltips
from report.style import fraction_colour

# Cubes of two binned axes: cube, axis across, axis up, and what the pair shows.
MAPS = (
    (
        *("theta_e_psf", "theta_e_arcsec", "psf_fwhm_arcsec"),
        "Einstein radius against seeing: how wide an arc must be to separate from its lens at a given psfsize.",
    ),
    (
        *("theta_e_depth", "theta_e_arcsec", "psfdepth_r_mag"),
        "Einstein radius against depth: what a deeper brick gains at each radius.",
    ),
    (
        *("theta_e_source", "theta_e_arcsec", "src_r_mag"),
        "Einstein radius against the unlensed source's magnitude: how faint a source may be.",
    ),
    (
        *("resolution_snr", "theta_over_psf", "arc_snr_matched"),
        "Resolution against signal-to-noise ratio, both from the injected truth: what the light of the arc itself decides, in any brick.",
    ),
)
HOW_TO_READ = (
    "Each cell of this map and of the following ones shows completeness, with its Wilson interval below. A dash means no usable "
    "injection. Hover over a cell for its counts."
)
CELL_WIDTH, CELL_HEIGHT = 62, 32  # pixels: room for two lines of numbers
LETTER_WIDTH, MIN_LETTERS = 8, 16  # of a title: pixels per letter, and the fewest letters of a line
BRIGHT = 0.55  # viridis above this is light enough for black letters


def figures(lake: duckdb.DuckDBPyConnection, experiment: str, rule: str) -> list[Figure]:
    """Return one heat map per pair of axes; the first says how to read them."""
    return [heat_map(lake, experiment, rule, axes) for axes in MAPS]


def heat_map(
    lake: duckdb.DuckDBPyConnection, experiment: str, rule: str, shown: tuple[str, str, str, str]
) -> Figure:
    """Return completeness over two axes, without bins that are empty."""
    cube, across, up, what = shown
    every = cells(lake, experiment, rule, (cube, across, up))
    rows = without_empty_bins(every)
    columns = labels_in_order(rows, "x")
    lines = labels_in_order(rows, "y")[::-1]
    base = alt.Chart(rows).encode(
        x=alt.X("x_bin:O", sort=columns, title=AXIS_TITLES[across], axis=alt.Axis(labelAngle=0)),
        y=alt.Y("y_bin:O", sort=lines, title=lines_of_title(AXIS_TITLES[up], len(lines))),
        tooltip=tooltips(x_bin=AXIS_TITLES[across], y_bin=AXIS_TITLES[up]),
    )
    chart = (empty_cells(base) + filled_cells(base)).properties(
        width=CELL_WIDTH * len(columns), height=CELL_HEIGHT * len(lines)
    )
    words = [f"Rule {rule}. {what}", left_out(every, rows, across, up)]
    words += [HOW_TO_READ] if shown == MAPS[0] else []
    return Figure(f"completeness_{cube}", chart, " ".join(filter(None, words)))


def lines_of_title(title: str, n_bins: int) -> list[str]:
    """Return a title in lines that are no longer than their axis."""
    return textwrap.wrap(title, width=max(MIN_LETTERS, n_bins * CELL_HEIGHT // LETTER_WIDTH))


def without_empty_bins(rows: pl.DataFrame) -> pl.DataFrame:
    """Drop the rows and columns of a map that have no usable injection.

    If no cell has one, all are kept.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per cell, as `cells` returns them.

    Returns
    -------
    polars.DataFrame
        The cells that remain, in the same columns.
    """
    filled = rows.filter(pl.col("n_valid") > 0)
    if filled.is_empty():
        return rows
    return rows.filter(
        pl.col("x_bin").is_in(filled["x_bin"].unique().to_list())
        & pl.col("y_bin").is_in(filled["y_bin"].unique().to_list())
    )


def left_out(every: pl.DataFrame, rows: pl.DataFrame, across: str, up: str) -> str:
    """Return a sentence on the bins that a map does not show.

    Parameters
    ----------
    every, rows : polars.DataFrame
        One row per cell, as `cells` returns them: all, and those that are shown.
    across, up : str
        Keys of `AXIS_TITLES`.

    Returns
    -------
    str
        Empty if all bins are shown.
    """
    parts = []
    for axis, name in (("x", across), ("y", up)):
        shown = labels_in_order(rows, axis)
        missing = [label for label in labels_in_order(every, axis) if label not in shown]
        parts += [f"{AXIS_TITLES[name]}: {', '.join(missing)}"] if missing else []
    return f"Bins without a usable injection are not drawn ({'; '.join(parts)})." if parts else ""


def cells(
    lake: duckdb.DuckDBPyConnection, experiment: str, rule: str, axes: tuple[str, str, str]
) -> pl.DataFrame:
    """Return the cells of a cube that lie inside its bins, with labels.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection
    experiment, rule : str
    axes : (str, str, str)
        The cube, its axis across and its axis up.

    Returns
    -------
    polars.DataFrame
        One row per cell; the ends of its bins are in the units of the axes (`AXIS_TITLES`).
    """
    cube, across, up = axes
    rows = lake.execute(
        f"""
        select {across}_low as x_low, {across}_high as x_high, {up}_low as y_low, {up}_high as y_high,
            n_attempt, n_valid, n_recovered, n_hosts, completeness_valid as completeness,
            wilson_low, wilson_high, printf('%.2f\u2013%.2f', wilson_low, wilson_high) as interval
        from completeness_cells
        where cube = ? and experiment_id = ? and rule = ? and quality = 'all' and {across}_low is not null and {up}_low is not null
        order by x_low, y_low
        """,
        [cube, experiment, rule],
    ).pl()
    return rows.with_columns(
        pl.struct(f"{axis}_low", f"{axis}_high")
        .map_elements(lambda ends: bin_label(*ends.values()), return_dtype=pl.String)
        .alias(f"{axis}_bin")
        for axis in ("x", "y")
    )


def labels_in_order(rows: pl.DataFrame, axis: str) -> list[str]:
    """Return the labels of an axis from low to high.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per cell, as `cells` returns them.
    axis : str
        ``x`` or ``y``.

    Returns
    -------
    list of str
    """
    return rows.sort(f"{axis}_low")[f"{axis}_bin"].unique(maintain_order=True).to_list()


def empty_cells(base: alt.Chart) -> alt.LayerChart:
    """Draw empty cells: white, with a dashed edge and a dash."""
    empty = base.transform_filter("datum.n_valid == 0")
    edges = empty.mark_rect(fill="white", stroke="#999999", strokeDash=[2, 3], strokeWidth=0.7)
    return edges + empty.mark_text(text="\u2013", color="#999999")


def filled_cells(base: alt.Chart) -> alt.LayerChart:
    """Draw filled cells: coloured, with their numbers."""
    filled = base.transform_filter("datum.n_valid > 0")
    letters = alt.condition(
        f"datum.completeness > {BRIGHT}", alt.value("black"), alt.value("white")
    )
    share = filled.mark_text(fontSize=11, fontWeight="bold", dy=-6).encode(
        text=alt.Text("completeness:Q", format=".2f"), color=letters
    )
    interval = filled.mark_text(fontSize=9, dy=7).encode(text="interval:N", color=letters)
    colours = filled.mark_rect().encode(color=fraction_colour("completeness:Q", "completeness"))
    return colours + share + interval
