"""``python -m report``: the lake's tables as one HTML page.

The page is ``<lake>/reports/index.html``.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from report.blocks import Note, Section
from report.dbt_docs import write_dbt_docs
from report.page import write_page
from report.sections import (
    completeness,
    funnels,
    gallery,
    injected,
    pools,
    provenance,
    sky,
    summary,
)
from report.stages import what_is_missing
from report.survey import subtitle_and_warning
from store import lake as the_lake
from store.command_line import command_line, run_command
from store.progress import Progress

SECTIONS = (summary, funnels, sky, injected, gallery, completeness, pools, provenance)
TITLE = "Dark Halo Scope"
PROGRAM = "python -m report"


app = command_line()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return run_command(app, PROGRAM, arguments)


@app.command(epilog=f"Example: {PROGRAM} --out /data/report --no-dbt-docs")
def report(
    no_dbt_docs: Annotated[
        bool, typer.Option("--no-dbt-docs", help="Leave dbt's pages as they are.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the page. Default: reports in the lake.")
    ] = None,
) -> None:
    """Write the lake's tables as one HTML page with figures.

    The page, <lake>/reports/index.html, opens without a server and without the network. A section
    whose tables are not built yet says which stage makes them. dbt's own pages, with every table,
    column and unit, are written to dbt/ in the same folder.
    """
    folder = out or Path(the_lake.lake_path("reports"))
    the_lake.connect(read_only=True).close()  # fail here if there is no lake; dbt would create one
    if not no_dbt_docs:
        write_dbt_docs(folder)
    with the_lake.connect(read_only=True) as lake:
        subtitle, warning = subtitle_and_warning(lake)
        sections = build_sections(lake)
    page = write_page(sections, folder, title=TITLE, subtitle=subtitle, warning=warning)
    n_figures = len(list((folder / "figures").glob("*.png")))
    print(
        f"report: {len(sections)} sections, {n_figures} figures, {page.stat().st_size / 1e6:.1f} MB"
    )
    print(f"look: {page}")


def build_sections(lake: duckdb.DuckDBPyConnection) -> list[Section]:
    """Return every section, with a note where its tables are missing."""
    made = []
    with Progress("report", len(SECTIONS), "section") as progress:
        for module in SECTIONS:
            made.append(section_or_note(module.section, module.__name__.split(".")[-1], lake))
            progress.add(1)
    return made


def section_or_note(
    make: Callable[[duckdb.DuckDBPyConnection], Section], name: str, lake: duckdb.DuckDBPyConnection
) -> Section:
    """Return the section, or a sentence when the lake lacks a table of it."""
    try:
        return make(lake)
    except duckdb.CatalogException as error:
        missing = what_is_missing(str(error))
        logging.getLogger(__name__).warning("section %s left out: %s", name, missing)
        text = f"Not drawn: {missing}, then python -m report again."
        return Section(name, name.capitalize(), "", [Note(text)])


if __name__ == "__main__":
    sys.exit(main())
