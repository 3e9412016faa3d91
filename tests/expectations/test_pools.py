"""Suites of `pools` on tables without values; `tests/pools` plants the leaks that they must see."""

import dataclasses

import pytest

from expectations.suites import pools
from store.project import settings

# But for those that other tables call for: they are emptied in `tests/pools`, where these are.
SUITES = {suite.table: suite for suite in pools.suites(settings()) if not suite.empty_unless}


def make(connection, suite, rows):
    columns = ", ".join(f"null::varchar as {name}" for name in {*suite.key, *suite.columns})
    connection.execute(f"create table {suite.table} as select {columns} from range({rows})")


def failed_basics(validate_suite, suite):
    result = validate_suite(dataclasses.replace(suite, checks=()))
    return {outcome.expectation for outcome in result.failed}


@pytest.mark.parametrize("table", SUITES)
def test_an_empty_table_fails(lake_connection, validate_suite, table):
    make(lake_connection, SUITES[table], 0)
    assert failed_basics(validate_suite, SUITES[table]) == {"has_rows"}


@pytest.mark.parametrize("table", SUITES)
def test_a_table_of_nulls_that_repeat_fails(lake_connection, validate_suite, table):
    make(lake_connection, SUITES[table], 2)
    suite = SUITES[table]
    nulls = {f"{column}_is_not_null" for column in suite.key if column not in suite.nullable_key}
    assert failed_basics(validate_suite, suite) == {"key_is_unique", *nulls}
