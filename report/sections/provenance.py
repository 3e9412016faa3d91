"""What made these numbers: settings, runs, PSF sources, checks."""

from pathlib import Path

import duckdb

from ingest import lake as the_lake
from report.blocks import Block, Note, Section, Table


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Settings, the last runs, where the PSF widths came from, and where the checks are."""
    return Section(
        anchor="provenance",
        title="Provenance",
        lead="Every published row can be traced through its keys to its input file and checksum; every snapshot to a row of the table runs.",
        blocks=[psf_sources(lake), gates(lake), runs(lake), links()],
    )


def psf_sources(lake: duckdb.DuckDBPyConnection) -> Table:
    """Where the PSF width of each band was taken from."""
    rows = lake.sql("""
        select band, psf_source, sum(n_tasks), round(min(psf_fwhm_min_arcsec), 3), round(max(psf_fwhm_max_arcsec), 3)
        from psf_provenance group by all order by all
    """).fetchall()
    return Table(
        "PSF widths: from the survey's map at the galaxy, from the manifest, or a fallback.",
        ["band", "source", "tasks", "smallest FWHM (arcsec)", "largest FWHM (arcsec)"],
        [list(row) for row in rows],
    )


def gates(lake: duckdb.DuckDBPyConnection) -> Table:
    """GO or NO-GO for the next tier."""
    rows = lake.sql("from injection_gates").fetchall()
    headings = [column[0] for column in lake.sql("from injection_gates limit 0").description]
    return Table("Gates of the injection stage.", headings, [list(row) for row in rows])


def runs(lake: duckdb.DuckDBPyConnection) -> Table:
    """The last runs that wrote to the lake."""
    columns = [
        name
        for (name, *_) in lake.execute("describe runs").fetchall()
        if name not in ("project_vars", "command_line_vars")
    ]
    rows = lake.sql(
        f"select {', '.join(columns)} from runs order by finished_at desc limit 8"
    ).fetchall()
    return Table("The last runs.", columns, [[str(value) for value in row] for row in rows])


def links() -> Block:
    """Pages beside this one."""
    reports = Path(the_lake.lake_path("reports"))
    there = [
        name for name in ("expectations/index.html", "dbt/index.html") if (reports / name).exists()
    ]
    text = (
        "Beside this page: " + ", ".join(there)
        if there
        else "Run python -m expectations for the pages of the checks."
    )
    return Note(text)
