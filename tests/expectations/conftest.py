"""A small lake in memory, and Great Expectations imported once without its warnings."""

import warnings

import duckdb
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecations inside Great Expectations at import
    from expectations import runner


@pytest.fixture
def lake_connection():
    """An empty database called lake."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as lake")
    connection.execute("use lake")
    yield connection
    connection.close()


@pytest.fixture
def validate_suite(lake_connection):
    """Validate one suite on the connection of the test."""

    def validated(suite):
        (result,) = runner.validate(lake_connection, [("stage", suite)])
        return result

    return validated
