"""The runs that made what the report shows: those whose tables are in the lake, not the last ones."""

import pytest

from report.sections.builds import builds
from store import lake

NOTHING = "{}"
OTHER_VARS = '{"clean_max_bad_pixel_frac": 0.0}'


@pytest.fixture
def connection(tmp_path, monkeypatch):
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "lake"))
    with lake.connect() as connected:
        connected.execute("""
            create table runs (
                invocation_id varchar, command varchar, selected varchar[], code_version varchar,
                command_line_vars varchar, finished_at timestamptz, n_failed integer,
                first_snapshot_id bigint, last_snapshot_id bigint
            )
        """)
        yield connected


def last_snapshot(connection):
    return connection.sql("select max(snapshot_id) from lake.snapshots()").fetchone()[0]


def run(connection, selected, tables, *, variables=NOTHING, n_failed=0, is_killed=False):
    """What dbt does: tables made anew under a passing name, and a row of runs at the end."""
    before = last_snapshot(connection)
    for table in tables:
        connection.execute(f"""
            begin; create table {table}__dbt_tmp as select 1 as x; drop table if exists {table};
            alter table {table}__dbt_tmp rename to {table}; commit
        """)
    if is_killed:
        return
    connection.execute(
        "insert into runs values (uuid()::varchar, 'build', ?, 'abc', ?, now(), ?, ?, ?)",
        [
            [selected], variables, n_failed,
            before + 1 if tables else None, last_snapshot(connection),
        ],
    )  # fmt: skip


def rows_of(connection):
    """Stage, number of tables, what was asked for, vars and outcome of every row."""
    table = builds(connection)
    return [[row[0], row[1], row[3], row[4], row[5]] for row in table.rows]


def test_a_stage_keeps_its_vars_when_another_is_built_after_it(connection):
    run(connection, "completeness", ["recovery_thresholds", "completeness_cells"], variables=OTHER_VARS)  # fmt: skip
    run(connection, "finder", ["finder_performance"])
    assert rows_of(connection) == [
        ["completeness", 2, "dbt build completeness", OTHER_VARS, "succeeded"],
        ["finder", 1, "dbt build finder", "none", "succeeded"],
    ]


def test_a_failed_run_is_named_where_its_tables_stand_and_not_elsewhere(connection):
    run(connection, "staging", ["stg_bricks", "stg_sources"])
    run(connection, "regions", ["region_metrics"], n_failed=2)
    run(connection, "staging", [], n_failed=1)
    assert rows_of(connection) == [
        ["staging", 2, "dbt build staging", "none", "succeeded"],
        ["regions", 1, "dbt build regions", "none", "failed: 2 models or checks"],
    ]


def test_a_stage_of_two_runs_has_two_rows(connection):
    run(connection, "staging", ["stg_bricks", "stg_sources"])
    run(connection, "stg_sources", ["stg_sources"], variables=OTHER_VARS)
    assert rows_of(connection) == [
        ["staging", 1, "dbt build stg_sources", OTHER_VARS, "succeeded"],
        ["staging", 1, "dbt build staging", "none", "succeeded"],
    ]


def test_tables_of_a_run_that_was_killed_have_no_run(connection):
    run(connection, "staging", ["stg_bricks"])
    run(connection, "regions", ["region_metrics"], is_killed=True)
    run(connection, "finder", ["finder_performance"])
    assert rows_of(connection)[1] == ["regions", 1, None, None, "never ended"]


def test_tables_that_no_stage_publishes_are_left_out(connection):
    run(connection, "seeds", ["tiers"])
    assert rows_of(connection) == []
