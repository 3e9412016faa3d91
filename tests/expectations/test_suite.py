"""The records that suites are made of, each rule on a table that meets it and on ones that do not."""

import pytest

from expectations.suite import (
    Suite,
    always,
    among,
    between,
    equal,
    holds,
    no_rows,
    present,
    same_rows,
)

TASKS = "select * from (values (1, 0.5e0, 'SIE', 'a'), (2, 0e0, 'CONTROL', 'b')) t(k, x, m, h)"


def failed_names(validate_suite, lake_connection, table, *checks):
    lake_connection.execute(f"create or replace table tasks as {table}")
    result = validate_suite(Suite("tasks", "One row per task.", ("k",), checks=checks))
    return {outcome.expectation for outcome in result.failed}


@pytest.mark.parametrize(
    ("check", "breaking"),
    [
        (present("h")[0], ["h = null"]),
        (between("x", 0, 1), ["x = null", "x = 'nan'", "x = -0.1", "x = 1.1", "x = 'inf'"]),
        (among("m", ["SIE", "CONTROL"]), ["m = null::varchar", "m = 'sie'"]),
        (always("positive", "x >= 0"), ["x = -1", "x = null"]),
        (always("no_lens", "x = 0", when="m = 'CONTROL'"), ["x = 1", "x = null"]),
        (equal("two", "select count(distinct h) from {batch}", "select 2"), ["h = 'a'"]),
        (holds("some", "(select sum(x) from {batch}) > 0"), ["x = 0", "x = null"]),
        (no_rows("no_c", "select k from {batch} where h = 'c'"), ["h = 'c'"]),
        (same_rows("hosts", "h", "select unnest(['a', 'b']) as h"), ["h = 'c'", "h = 'a'"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_rule_fails_what_breaks_it_alone(validate_suite, lake_connection, check, breaking):
    assert failed_names(validate_suite, lake_connection, TASKS, check) == set()
    for assignment in breaking:
        column, _, value = assignment.partition(" = ")
        broken = f"select * replace ({value} as {column}) from ({TASKS})"
        assert failed_names(validate_suite, lake_connection, broken, check) == {check.name}


def test_a_condition_that_is_unknown_for_a_row_does_not_let_it_through(
    validate_suite, lake_connection
):
    check = always("no_lens", "x = 0", when="m = 'CONTROL'")
    unknown = f"select * replace (null::varchar as m) from ({TASKS})"
    assert failed_names(validate_suite, lake_connection, unknown, check) == {"no_lens"}


def test_two_checks_of_a_suite_cannot_share_a_name():
    with pytest.raises(ValueError, match=r"suite t: two checks are called x_is_present"):
        Suite("t", "", ("k",), checks=(*present("x"), *present("x")))


def test_a_query_must_look_at_the_table():
    with pytest.raises(ValueError, match="the query of blind does not look at the table"):
        no_rows("blind", "select 1 where false")
