"""Which survey a lake was made from.

A page of synthetic pixels must not look like one of the sky.
"""

import duckdb

from store.survey_files import EMBEDDED_PIPELINE

TABLES = ("raw_bricks", "cutout_pixels")
QUESTION = "How complete is a search for galaxy-scale strong lenses in"
REAL = f"{QUESTION} the DESI Legacy Imaging Surveys DR10?"
EMBEDDED = f"{QUESTION} the embedded survey, a synthetic sky with the files of DR10?"
WARNING = (
    "Synthetic survey, not DR10. The bricks, the galaxies, their pixels and the known lenses were made by python -m ingest mock, to try "
    "the pipeline on. The numbers below are true of that small sky and say nothing of the real one."
)


def subtitle_and_warning(lake: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return the question that the report answers, and a warning or ''."""
    return (EMBEDDED, WARNING) if is_embedded(lake) else (REAL, "")


def is_embedded(lake: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether bricks or cutouts of the lake are of the embedded survey.

    Its files name the pipeline that made them in their headers, and ingest keeps that name.
    """
    return any(is_made_by(lake, table, EMBEDDED_PIPELINE) for table in TABLES)


def is_made_by(lake: duckdb.DuckDBPyConnection, table: str, pipeline: str) -> bool:
    """Tell whether a table has rows made by a pipeline."""
    known = lake.execute(
        "select 1 from duckdb_columns() where table_name = ? and column_name = 'pipeline'", [table]
    )
    if known.fetchone() is None:
        return False
    found = lake.execute(f"select 1 from {table} where pipeline = ? limit 1", [pipeline])
    return found.fetchone() is not None
