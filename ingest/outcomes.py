"""Outcome rows: the result for every file that was attempted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from ingest.raw_tables import OUTCOME_COLUMNS
from ingest.transport.interface import public_location

MAX_MESSAGE = 1000  # characters


@dataclass(frozen=True)
class Outcome:
    """The result for one file, or for one brick.

    Parameters
    ----------
    product : str
        sweeps, bricks, lenses, coadds or cutouts.
    reason_code : str, optional
        A code of ``seeds/staging/reason_codes.csv``; null when all is well.
    source : str
        Where the file came from: a path, or a URL without user, password and query.
    source_version : str
        Differs between versions of the source: its ETag or its time of change.
    """

    product: str
    file_name: str | None = None
    brickname: str | None = None
    band: str | None = None
    is_ok: bool = False
    reason_code: str | None = None
    message: str | None = None
    n_rows: int | None = None
    n_bytes: int | None = None
    sha256: str | None = None
    n_tries: int | None = None
    seconds: float | None = None
    source: str | None = None
    source_version: str | None = None


def write_outcomes(lake: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome]) -> None:
    """Write outcome rows in place of earlier ones for the same file or brick.

    The table holds the last attempt; DuckLake's snapshots hold those before. Runs inside the
    caller's transaction when there is one.
    """
    if not outcomes:
        return
    lake.register("new_outcomes", _arrow_table(outcomes))
    try:
        lake.execute(
            """
            delete from raw_outcomes using new_outcomes
            where raw_outcomes.product = new_outcomes.product
                and raw_outcomes.file_name is not distinct from new_outcomes.file_name
                and raw_outcomes.brickname is not distinct from new_outcomes.brickname
            """
        )
        lake.execute("insert into raw_outcomes by name select * from new_outcomes")
    finally:
        lake.unregister("new_outcomes")


def _arrow_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """Return outcomes as rows of ``raw_outcomes``."""
    types = {column.name: column for column in OUTCOME_COLUMNS}
    rows = [_row(outcome) for outcome in outcomes]
    columns = {
        field.name: pa.array([row[field.name] for row in rows], types[field.name].arrow_type)
        for field in fields(Outcome)
    }
    now = pa.array([datetime.now(UTC)] * len(rows), types["finished_at"].arrow_type)
    return pa.table(columns | {"finished_at": now})


def _row(outcome: Outcome) -> dict[str, object]:
    """Return an outcome as a row: message cut short, source made public."""
    row = asdict(outcome)
    if outcome.message:
        row["message"] = outcome.message[:MAX_MESSAGE]
    if outcome.source:
        row["source"] = public_location(outcome.source)
    return row


def last_outcome(
    lake: duckdb.DuckDBPyConnection, product: str, file_name: str
) -> dict[str, object] | None:
    """Return the outcome row of a file, or None if it was never attempted."""
    found = lake.execute(
        "select * from raw_outcomes where product = ? and file_name = ?", [product, file_name]
    )
    names = [column[0] for column in found.description or []]
    row = found.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def forget_outcome(lake: duckdb.DuckDBPyConnection, product: str, file_name: str) -> None:
    """Delete the outcome row of a file, as if it had never been attempted."""
    lake.execute(
        "delete from raw_outcomes where product = ? and file_name = ?", [product, file_name]
    )
