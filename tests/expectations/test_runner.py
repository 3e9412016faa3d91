"""What a validation says about tables that are good, bad, empty, absent or of the wrong shape."""

import pytest

from expectations import runner
from expectations.suite import Suite, always, no_rows

SUITE = Suite("tasks", "One row per task.", ("brickid", "objid"), columns=("ra_deg",))
GOOD = "select i as brickid, 1 as objid, i * 1.5e0 as ra_deg from range(3) t(i)"


def failed(result):
    return {outcome.expectation: outcome.observed for outcome in result.failed}


def make(connection, query):
    connection.execute(f"create or replace table tasks as {query}")


def test_a_good_table_meets_every_expectation(lake_connection, validate_suite):
    make(lake_connection, GOOD)
    result = validate_suite(SUITE)
    assert result.is_ok
    assert result.n_rows == 3
    assert [outcome.expectation for outcome in result.outcomes] == [
        "has_rows",
        "has_columns",
        "key_is_unique",
        "brickid_is_not_null",
        "objid_is_not_null",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"{GOOD} where false", {"has_rows": "0 rows"}),
        (f"{GOOD} union all ({GOOD} limit 1)", {"key_is_unique": "1 rows"}),
        (
            f"select * replace (nullif(objid, 1) as objid) from ({GOOD} limit 1)",
            {"objid_is_not_null": "1 rows"},
        ),
        (f"select * exclude (ra_deg) from ({GOOD})", {"has_columns": "1 rows"}),
    ],
    ids=["empty", "duplicate", "null key", "missing column"],
)
def test_a_bad_table_fails_the_expectation_it_breaks(
    lake_connection, validate_suite, query, expected
):
    make(lake_connection, query)
    assert failed(validate_suite(SUITE)) == expected


def test_a_table_that_is_not_there_is_a_failure(validate_suite):
    assert failed(validate_suite(SUITE)) == {"is_built": "no such table"}


def test_a_rule_that_cannot_be_computed_is_a_failure_that_says_why(lake_connection, validate_suite):
    make(lake_connection, GOOD)
    checks = (always("typo", "dec_deg > 0"), always("east", "ra_deg >= 0"))
    found = failed(validate_suite(Suite("tasks", "", ("brickid",), checks=checks)))
    assert found.keys() == {"typo"}
    assert "dec_deg" in found["typo"]


def test_a_failure_shows_rows_that_break_the_rule(lake_connection, validate_suite):
    make(lake_connection, GOOD)
    suite = Suite(
        "tasks", "", ("brickid",), checks=(always("west", "ra_deg < 3", column="ra_deg"),)
    )
    (failure,) = validate_suite(suite).failed
    assert failure.observed == "1 rows"
    assert failure.sample == ("brickid=2, ra_deg=3.0",)


def test_a_table_may_be_empty_only_while_nothing_calls_for_rows(lake_connection, validate_suite):
    lake_connection.execute(
        "create table bricks as select i as brickid, i = 1 as is_absent from range(2) t(i)"
    )
    suite = Suite("tasks", "", ("brickid",), empty_unless="select 1 from bricks where is_absent")
    make(lake_connection, f"{GOOD} where false")
    assert failed(validate_suite(suite)) == {"has_rows_where_called_for": "1 rows"}
    lake_connection.execute("update bricks set is_absent = false")
    assert failed(validate_suite(suite)) == {}


def test_a_suite_can_name_other_tables_and_be_run_on_another_table(lake_connection):
    lake_connection.execute("create table bricks as select 0 as brickid")
    lake_connection.execute(f"create table other as {GOOD}")
    check = no_rows("in_bricks", "select brickid from {batch} anti join bricks using (brickid)")
    suite = Suite("tasks", "", ("brickid",), checks=(check,))
    (result,) = runner.validate(lake_connection, [("stage", suite)], table="other")
    assert result.table == "other"
    assert failed(result) == {"in_bricks": "2 rows"}
