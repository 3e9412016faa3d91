"""Where the numbers come from.

PSF sources, gates, runs and checks, and links to further pages.
"""

import json
from pathlib import Path

import altair as alt
import duckdb
import polars as pl

from report.blocks import Block, Figure, Link, Note, Section, Table
from report.style import WIDTH, category_colour
from store import lake as the_lake

RUN_COLUMNS = ("finished_at", "command", "selected", "code_version", "n_ok", "n_failed", "n_skipped", "last_snapshot_id")  # fmt: skip
PSF_SOURCE = "psf_source_"  # with a band: a column of injections
PAGES = {
    "expectations/index.html": "Checks, table by table (Data Docs)",
    "dbt/index.html": "Every table, column and unit, and what it is made from (dbt docs)",
}


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return PSF sources, checks, gates, the last runs, and further pages."""
    return Section(
        anchor="provenance",
        title="Provenance",
        lead="Keys trace every published row to its input file and checksum, and every snapshot to a row of the table runs.",
        blocks=[psf_sources(lake), *expectations(), gates(lake), runs(lake), pages()],
    )


def reports() -> Path:
    """Return the folder of the report and its neighbours."""
    return Path(the_lake.lake_path("reports"))


def psf_sources(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw where the psfsize of each band came from, and its range."""
    rows = psf_rows(lake)
    base = alt.Chart(rows).encode(
        y=alt.Y("band:N", title="band"),
        color=category_colour("psf_source:N", "psfsize from"),
        tooltip=[
            alt.Tooltip("band:N"),
            alt.Tooltip("psf_source:N", title="psfsize from"),
            alt.Tooltip("n_tasks:Q", title="tasks with a stamp", format=","),
            alt.Tooltip("share:Q", title="share", format=".4f"),
            alt.Tooltip("narrowest:Q", title="narrowest (arcsec)", format=".3f"),
            alt.Tooltip("widest:Q", title="widest (arcsec)", format=".3f"),
        ],
    )
    shares = base.mark_bar().encode(
        x=alt.X("share:Q", axis=alt.Axis(tickCount=5), title="share of the tasks with a stamp")
    )
    width = alt.X("narrowest:Q", title="psfsize, range (arcsec)", scale=alt.Scale(zero=False))
    ranges = base.mark_bar(height=6).encode(x=width, x2="widest:Q", yOffset="psf_source:N")
    # A bar from a value to itself has no length.
    points = base.transform_filter("datum.narrowest == datum.widest").mark_point(
        filled=True, size=50, opacity=1
    ).encode(x=width, yOffset="psf_source:N")  # fmt: skip
    size = {"width": WIDTH * 0.9, "height": 34 * rows["band"].n_unique()}
    return Figure(
        "psf_provenance",
        alt.hconcat(shares.properties(**size), (ranges + points).properties(**size)),
        "Where the psfsize of a stamp came from: the survey's map at the galaxy, the brick mean of the manifest, or a fallback. Tasks without a "
        "stamp are not counted. A point marks a source with a single value.",
    )


def psf_rows(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Count the tasks with a stamp by band and source of the psfsize.

    This is not read from psf_provenance, which also counts tasks without a stamp.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection

    Returns
    -------
    polars.DataFrame
        One row per band and source: ``n_tasks``, their ``share`` of the band, and the least and
        greatest psfsize, ``narrowest`` and ``widest``, arcsec.
    """
    columns = [name for (name, *_) in lake.execute("describe injections").fetchall()]
    bands = [name.removeprefix(PSF_SOURCE) for name in columns if name.startswith(PSF_SOURCE)]
    parts = " union all ".join(
        f"select '{band}' as band, {PSF_SOURCE}{band} as psf_source, psf_fwhm_used_{band} as psfsize_arcsec"
        " from injections where cutout_ok"
        for band in bands
    )
    return lake.sql(f"""
        select band, coalesce(psf_source, 'none') as psf_source, count(*) as n_tasks,
            n_tasks / sum(n_tasks) over (partition by band) as share,
            min(psfsize_arcsec) as narrowest, max(psfsize_arcsec) as widest
        from ({parts})
        group by band, psf_source
        order by band, psf_source
    """).pl()


def expectations() -> list[Block]:
    """Return the last outcome of `python -m expectations` for every table."""
    results = sorted((reports() / "expectations" / "results").glob("*.json"))
    if not results:
        return [Note("Not checked yet: run python -m expectations, then python -m report again.")]
    rows = [result_row(json.loads(path.read_text())) for path in results]
    n_failed = sum(row[4] for row in rows)
    return [
        Table(
            f"Expectations: {sum(row[3] for row in rows):,} checks of {len(rows)} tables, {n_failed} not met. Each table links to its page, with "
            "the query of every check.",
            ["table", "stage", "rows", "checks", "not met", "checked at"],
            sorted(rows, key=lambda row: (row[4] == 0, row[1], row[0].text)),
        )
    ]


def result_row(result: dict) -> list:
    """Return table, stage, rows, checks, checks not met and time."""
    n_failed = sum(not outcome["is_ok"] for outcome in result["outcomes"])
    link = Link(result["table"], f"expectations/{result['table']}.html")
    checked_at = result["finished_at"][:19].replace("T", " ")
    return [link, result["stage"], result["n_rows"], len(result["outcomes"]), n_failed, checked_at]


def gates(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return the gates: GO or NO-GO for the next tier."""
    columns = ["tier", "next_tier", "gate", "is_go", "value", "limit_low", "limit_high", "meaning"]
    rows = lake.sql(f"select {', '.join(columns)} from injection_gates").fetchall()
    return Table("Gates of the injection stage.", columns, [list(row) for row in rows])


def runs(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return the last runs that wrote to the lake."""
    rows = lake.sql(
        f"select {', '.join(RUN_COLUMNS)} from runs order by finished_at desc limit 8"
    ).fetchall()
    return Table(
        "The last runs. The columns project_vars and command_line_vars of the table runs hold every setting.",
        list(RUN_COLUMNS),
        [list(row) for row in rows],
    )


def pages() -> Block:
    """Return links to the pages next to this one."""
    links = [
        Link(text, address) for address, text in PAGES.items() if (reports() / address).exists()
    ]
    if not links:
        return Note("Run python -m expectations for the pages of the checks.")
    return Note("More pages:", links)
