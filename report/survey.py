"""Which survey a lake was made from: a page of synthetic pixels must not look like one of the sky."""

import duckdb

from ingest.embedded.layout import sites

# What the embedded survey's headers say made its pixels (LEGPIPEV); every cutout keeps it.
EMBEDDED_PIPELINE = "EMBEDDED"
QUESTION = "How complete is a search for galaxy-scale strong lenses in"
REAL = f"{QUESTION} the DESI Legacy Imaging Surveys DR10?"
EMBEDDED = f"{QUESTION} the embedded survey, a synthetic sky with the files of DR10?"
WARNING = (
    "Synthetic survey, not DR10. The bricks, the galaxies, their pixels and the known lenses were made by python -m ingest mock, to try "
    "the pipeline on. The numbers below are true of that small sky and say nothing of the real one."
)


def subtitle_and_warning(lake: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The question that the report answers, and what a reader has to know before anything else."""
    return (EMBEDDED, WARNING) if is_embedded(lake) else (REAL, "")


def is_embedded(lake: duckdb.DuckDBPyConnection) -> bool:
    """Whether pixels or bricks of the lake are the embedded survey's."""
    return has_embedded_pixels(lake) or has_embedded_bricks(lake)


def has_embedded_pixels(lake: duckdb.DuckDBPyConnection) -> bool:
    """Whether any cutout came from an image whose header says that it is synthetic."""
    if not has_table(lake, "cutout_pixels"):
        return False
    found = lake.execute(
        "select 1 from cutout_pixels where pipeline = ? limit 1", [EMBEDDED_PIPELINE]
    )
    return found.fetchone() is not None


def has_embedded_bricks(lake: duckdb.DuckDBPyConnection) -> bool:
    """Whether the brick table is the embedded survey's: a lake that has no pixels yet shows it so.

    DR10's brick table is one file with all its bricks. The embedded one has a few hundred of their
    names: all of its islands without pixels, and some or all of those with pixels.
    """
    if not has_table(lake, "raw_bricks"):
        return False
    bricks = {name for (name,) in lake.sql("select brickname from raw_bricks").fetchall()}
    embedded = {site.brick.name for site in sites()}
    always = {site.brick.name for site in sites() if not site.has_pixels}
    return always <= bricks <= embedded


def has_table(lake: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the lake has a table of this name."""
    found = lake.execute("select 1 from duckdb_tables() where table_name = ?", [name])
    return found.fetchone() is not None
