"""Validation of the lake's tables, or of any DuckDB database like it.

Importing this imports Great Expectations, which takes seconds: import it where it is called.
"""

import dataclasses
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from expectations import session
from expectations.independent import coadd_pixels, raytrace
from expectations.kept import Lake
from expectations.results import Outcome, TableResult
from expectations.suite import Suite

SAMPLE_ROWS = 3
MISSING = "is_built"


def validate(
    connection: duckdb.DuckDBPyConnection,
    suites: Iterable[tuple[str, Suite]],
    *,
    database: str = "lake",
    table: str = "",
) -> list[TableResult]:
    """Validate the table of each (stage, suite).

    Parameters
    ----------
    connection
        A connection on which the tables are attached as ``database``.
    suites
        Stages and their suites.
    table
        The table to validate when it is not the suite's own.
    """
    raytrace.register(connection)
    coadd_pixels.register(connection)
    cursor = connection.cursor()
    cursor.execute(f"use {database}")
    with session.tables_of(connection, database) as source:
        return [
            _table_result(cursor, source, stage, suite, table or suite.table)
            for stage, suite in suites
        ]


def validate_kept(
    connection: duckdb.DuckDBPyConnection, suites: Iterable[tuple[str, Suite]]
) -> list[TableResult]:
    """Validate tables of a DuckLake; each result says what it depends on.

    The basis is read before the rules are run: what changes in between is validated again.
    """
    chosen = list(suites)
    seen = Lake(connection)
    bases = [seen.basis(suite) for _, suite in chosen]
    results = validate(connection, chosen)
    return [
        dataclasses.replace(result, basis=basis)
        for result, basis in zip(results, bases, strict=True)
    ]


def _table_result(
    cursor: duckdb.DuckDBPyConnection, source: Any, stage: str, suite: Suite, table: str
) -> TableResult:
    started = time.monotonic()
    n_rows = _row_count(cursor, table)
    outcomes: tuple[Outcome, ...]
    if n_rows is None:
        outcomes = (Outcome(MISSING, "The table is in the lake.", False, "no such table"),)
    else:
        validated = session.run(source, suite, table)
        found = [_outcome(cursor, suite, table, result) for result in validated.results]
        order = {name: place for place, name in enumerate(session.names(suite))}
        outcomes = tuple(sorted(found, key=lambda outcome: order[outcome.expectation]))
    return TableResult(
        stage=stage,
        table=table,
        grain=suite.grain,
        n_rows=n_rows or 0,
        seconds=round(time.monotonic() - started, 3),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        outcomes=outcomes,
    )


def _row_count(cursor: duckdb.DuckDBPyConnection, table: str) -> int | None:
    try:
        counted = cursor.execute(f'select count(*) from "{table}"').fetchone()
    except duckdb.CatalogException:
        return None
    return counted[0] if counted else None


def _outcome(cursor: duckdb.DuckDBPyConnection, suite: Suite, table: str, result: Any) -> Outcome:
    name = result.expectation_config.meta["name"]
    queries = {check.name: suite.query(check, table) for check in suite.all_checks()}
    query = queries.get(name, "")
    error = _error(result.exception_info)
    return Outcome(
        expectation=name,
        why=result.expectation_config.description or "The table has rows.",
        is_ok=bool(result.success),
        observed=error or f"{result.result.get('observed_value')} rows",
        query=query,
        sample=() if result.success or error or not query else _sample(cursor, query),
    )


def _error(info: Mapping[str, Any]) -> str:
    """Return the first line of an error; empty when there was none."""
    single = "raised_exception" in info
    entries = [info] if single else [entry for entry in info.values() if isinstance(entry, dict)]
    messages = [entry["exception_message"] for entry in entries if entry.get("raised_exception")]
    return str(messages[0]).strip().splitlines()[0] if messages else ""


def _sample(cursor: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...]:
    """Return a few offending rows as text."""
    relation = cursor.execute(f"select * from ({query}) limit {SAMPLE_ROWS}")
    names = [column[0] for column in relation.description or ()]
    return tuple(
        ", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True))
        for row in relation.fetchall()
    )
