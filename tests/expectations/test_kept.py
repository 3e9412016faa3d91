"""Results that are kept: they hold until something changes that they depend on."""

import pytest

from expectations import __main__ as command
from expectations import dbt_plugin, kept, registry
from expectations.suite import Suite, holds, no_rows
from store import lake

TASKS = Suite(
    "tasks",
    "One row per task.",
    ("task_id",),
    checks=(no_rows("bricks_are_known", "from {batch} anti join good_bricks using (brickid)"),),
)


@pytest.fixture
def scratch_lake(tmp_path, monkeypatch):
    """A lake with a table whose suite looks at another table through a view."""
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "lake"))
    stages = {"stage": lambda _: (TASKS,)}
    monkeypatch.setattr(registry, "STAGES", stages)
    monkeypatch.setattr(command, "STAGES", stages)
    with lake.connect() as connection:
        connection.execute("create table bricks as select i as brickid from range(3) t(i)")
        connection.execute("create view good_bricks as from lake.main.bricks where brickid < 2")
        connection.execute("create table tasks as select 1 as task_id, 1 as brickid")
        connection.execute("create table others as select 1 as x")
        yield connection


def basis(connection):
    return kept.Lake(connection).basis(TASKS)


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ("insert into tasks values (2, 1)", True),
        ("delete from bricks where brickid = 1", True),
        ("create or replace view good_bricks as from lake.main.bricks where brickid < 1", True),
        ("create or replace table tasks as select 1 as task_id, 1 as brickid", True),
        ("insert into others values (2)", False),
    ],
)
def test_a_change_is_seen_where_the_suite_looks(scratch_lake, change, is_seen):
    before = basis(scratch_lake)
    assert before == basis(scratch_lake)
    scratch_lake.execute(change)
    assert (basis(scratch_lake) != before) == is_seen


def test_a_changed_rule_has_another_basis(scratch_lake):
    seen = kept.Lake(scratch_lake)
    other = Suite("tasks", TASKS.grain, TASKS.key, checks=(holds("some", "exists (from {batch})"),))
    assert seen.basis(other) != seen.basis(TASKS)


def test_what_dbt_found_good_is_not_looked_at_again_until_it_changes(scratch_lake, capsys):
    assert dbt_plugin.gx_validate("tasks", "tasks", "{}") == []
    assert command.main([]) == 0
    assert capsys.readouterr().out.startswith("1 tables have not changed since they were")
    assert command.main(["--all"]) == 0
    assert "not changed" not in capsys.readouterr().out
    scratch_lake.execute("delete from bricks")
    assert command.main([]) == 1
    assert "bricks_are_known" in capsys.readouterr().out


def test_what_failed_is_looked_at_again(scratch_lake, capsys):
    scratch_lake.execute("delete from bricks")
    assert dbt_plugin.gx_validate("tasks", "tasks", "{}") == ["bricks_are_known: 1 rows"]
    assert command.main([]) == 1
    assert "not changed" not in capsys.readouterr().out


def test_a_writer_commits_while_suites_are_read(scratch_lake):
    """Suites are read in one snapshot; it must not lock the catalogue."""
    from expectations import session  # noqa: PLC0415 - takes seconds

    with lake.connect(read_only=True) as reader, session.tables_of(reader, "lake") as source:
        session.run(source, TASKS, "tasks")
        scratch_lake.execute("insert into others values (3)")
        assert scratch_lake.execute("select count(*) from others").fetchone() == (2,)
