"""The dbt-duckdb plugin behind the dbt test ``passes_suite``."""

import logging
from functools import cache

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from store import lake
from store.project import Settings, settings

logger = logging.getLogger(__name__)

FUNCTION = "gx_validate"


def register(connection: DuckDBPyConnection) -> None:
    """Give a connection the function ``gx_validate(suite, table, vars)``."""
    # Validation looks at the lake, so its result is no constant that may be computed beforehand.
    connection.create_function(
        FUNCTION, gx_validate, [VARCHAR] * 3, f"{VARCHAR}[]", side_effects=True
    )


def gx_validate(suite: str, table: str, overrides: str) -> list[str]:
    """Validate a table of the lake on a connection of its own.

    Parameters
    ----------
    suite
        Name of a suite.
    table
        The table to validate.
    overrides
        The dbt vars given on the command line, as YAML or JSON.

    Returns
    -------
    list of str
        One line per expectation that failed.
    """
    from expectations import pages, runner  # noqa: PLC0415 - seconds, and only tests need it
    from expectations.registry import suite_of  # noqa: PLC0415

    chosen = suite_of(suite, _settings(overrides))
    connection = _connection(lake.lake_root(), lake.catalog())
    if table == suite:
        (result,) = runner.validate_kept(connection, [chosen])
        pages.keep_result(result, pages.page_folder())
    else:
        (result,) = runner.validate(connection, [chosen], table=table)
    failures = [f"{failed.expectation}: {failed.observed}" for failed in result.failed]
    for failure in failures:
        logger.error("%s fails %s", table, failure)
    return failures


@cache
def _settings(overrides: str) -> Settings:
    """Read the project's vars, once for all suites."""
    return settings(overrides)


@cache
def _connection(root: str, catalog: str) -> DuckDBPyConnection:
    """Open a lake for reading, once for all suites.

    Attaching it takes longer than most of them.

    Parameters
    ----------
    root, catalog : str
        Which lake; the one that the environment names.
    """
    return lake.connect(read_only=True)


class Plugin(BasePlugin):
    """The plugin that registers ``gx_validate``."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register ``gx_validate`` on a connection that dbt opens."""
        register(conn)
