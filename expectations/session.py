"""Great Expectations on a connection to any DuckDB with tables.

Importing this module imports Great Expectations, which takes seconds; import it where it is used.
"""

import enum
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import duckdb
import great_expectations as gx
from duckdb_engine import ConnectionWrapper, CursorWrapper
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine import sqlalchemy_execution_engine

from expectations.suite import Suite

gxe: Any = gx.expectations  # mypy does not see what it exports

ROWS = "has_rows"


class _Dialect(enum.StrEnum):
    DUCKDB = "duckdb"


def _persist_duckdb_connections() -> None:
    """Keep Great Expectations from closing connections before it has read.

    For a dialect that it does not know, it closes the connection before it reads the result, and
    every result comes back empty.
    """
    known = sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS
    if _Dialect.DUCKDB not in known:
        sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS = (  # type: ignore[assignment]
            *known,
            _Dialect.DUCKDB,
        )


def _quiet_context() -> DataContextConfig:
    """Return a context that writes no files, draws no bars, reports nowhere."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


class ExpectNoRows(gxe.UnexpectedRowsExpectation):  # type: ignore[misc]
    """A query returns no rows; it is run once, for their number.

    Great Expectations' own runs it once more for the rows, which only a failure has to show.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self,
        metrics: dict,
        runtime_configuration: dict | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        n_rows = metrics["unexpected_rows_query.row_count"]
        return {"success": n_rows == 0, "result": {"observed_value": n_rows}}


class _Snapshot(ConnectionWrapper):
    """A connection in a transaction, so that all queries see one snapshot.

    Its catalogue is read once.

    Reading it takes DuckLake longer than most rules take. Writers go on meanwhile, since a catalogue
    in SQLite keeps a write-ahead log.
    """

    def __init__(self, opened: duckdb.DuckDBPyConnection) -> None:
        super().__init__(opened)
        self._opened = opened
        opened.begin()

    def cursor(self) -> CursorWrapper:
        """Return a cursor that survives a query which cannot be run."""
        return _Cursor(self._opened, self)

    def renew(self) -> None:
        """Start a new transaction; after an error DuckDB refuses the old one."""
        self._opened.rollback()
        self._opened.begin()

    def begin(self) -> None:
        """Do nothing: the transaction lasts as long as the connection."""

    def commit(self) -> None:
        """Do nothing: nothing was written."""

    def rollback(self) -> None:
        """Do nothing: nothing was written."""


class _Cursor(CursorWrapper):
    """A cursor whose connection begins anew after an error."""

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        """Run a statement."""
        try:
            super().execute(statement, parameters, context)
        except duckdb.Error:
            self.connection.renew()
            raise


@contextmanager
def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> Iterator[SQLDatasource]:
    """Give a data source over the tables of an attached database.

    Queries run on cursors of the connection.
    """
    _persist_duckdb_connections()
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # results say it all
    context = gx.get_context(mode="ephemeral", project_config=_quiet_context())

    def cursor() -> ConnectionWrapper:
        opened = connection.cursor()
        opened.execute(f"use {database}")
        return _Snapshot(opened)

    source = context.data_sources.add_sql(
        "lake",
        connection_string="duckdb:///:memory:",  # never opened: the creator stands in for it
        create_temp_table=False,
        kwargs={"creator": cursor},  # type: ignore[call-arg]
    )
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def run(source: SQLDatasource, suite: Suite, table: str) -> ExpectationSuiteValidationResult:
    """Validate a table that exists against a suite."""
    batch = _batch_definition(source, table).get_batch()
    return batch.validate(_gx_suite(suite, table))


def _batch_definition(source: SQLDatasource, table: str) -> BatchDefinition:
    asset = source.add_table_asset(table, table_name=table)
    return asset.add_batch_definition_whole_table("all rows")


def _gx_suite(suite: Suite, table: str) -> gx.ExpectationSuite:
    rows = gxe.ExpectTableRowCountToBeBetween(min_value=1, meta={"name": ROWS})
    rules = [
        ExpectNoRows(
            # The suite names its table itself, since Great Expectations would put a subquery there,
            # which cannot be described or given a name; but it wants to be asked.
            unexpected_rows_query=f"{_escaped(suite.query(check, table))} /* {{batch}} */",
            description=check.why or check.name,
            meta={"name": check.name},
        )
        for check in suite.all_checks()
    ]
    return gx.ExpectationSuite(
        suite.table, expectations=rules if suite.empty_unless else [rows, *rules]
    )


def _escaped(query: str) -> str:
    return query.replace("{", "{{").replace("}", "}}")


def names(suite: Suite) -> list[str]:
    """Return the names of the expectations in the order of the pages."""
    return [ROWS, *(check.name for check in suite.all_checks())]
