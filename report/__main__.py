"""``python -m report``: the lake's tables as one HTML page, ``<lake>/reports/index.html``."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
from tqdm import tqdm

from report.blocks import Note, Section
from report.dbt_docs import DocsError, write_dbt_docs
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

SECTIONS = (summary, funnels, sky, injected, gallery, completeness, pools, provenance)
TITLE = "Dark Halo Scope"


def main() -> int:
    """Write the report; exit code 1 with one sentence when the lake cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m report", description=__doc__)
    parser.add_argument("--no-dbt-docs", action="store_true", help="leave dbt's pages as they are")
    parser.add_argument("--out", type=Path, help="folder of the page (default: <lake>/reports)")
    arguments = parser.parse_args()
    try:
        folder = arguments.out or Path(the_lake.lake_path("reports"))
        the_lake.connect(read_only=True).close()  # no lake is said before dbt would make one
        if not arguments.no_dbt_docs:
            write_dbt_docs(folder)
        with the_lake.connect(read_only=True) as lake:
            subtitle, warning = subtitle_and_warning(lake)
            sections = build_sections(lake)
        page = write_page(sections, folder, title=TITLE, subtitle=subtitle, warning=warning)
    except (the_lake.LakeError, DocsError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    n_figures = len(list((folder / "figures").glob("*.png")))
    print(
        f"report: {len(sections)} sections, {n_figures} figures, {page.stat().st_size / 1e6:.1f} MB"
    )
    print(f"look: {page}")
    return 0


def build_sections(lake: duckdb.DuckDBPyConnection) -> list[Section]:
    """Every section; one whose tables are not there says which stage makes them."""
    progress = tqdm(SECTIONS, desc="report", unit="section", disable=None)
    return [
        section_or_note(module.section, module.__name__.split(".")[-1], lake) for module in progress
    ]


def section_or_note(
    make: Callable[[duckdb.DuckDBPyConnection], Section], name: str, lake: duckdb.DuckDBPyConnection
) -> Section:
    """The section, or a sentence when the lake lacks a table of it."""
    try:
        return make(lake)
    except duckdb.CatalogException as error:
        missing = what_is_missing(str(error))
        logging.getLogger(__name__).warning("section %s left out: %s", name, missing)
        text = f"Not drawn: {missing}, then python -m report again."
        return Section(name, name.capitalize(), "", [Note(text)])


if __name__ == "__main__":
    sys.exit(main())
