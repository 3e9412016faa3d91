"""The suites inside dbt: every table has its test, in an order in which it can run."""

import json
import logging
import re
import shutil

import duckdb
import pytest

from expectations import dbt_plugin as dbt_test
from expectations import registry
from expectations.registry import suites_of
from expectations.suite import Suite, between
from store import lake
from store.project import settings
from tests.places import PROJECT
from tests.support.dbt_process import run_dbt

SUITES = {suite.table: suite for _, suite in suites_of((), settings())}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """What dbt knows of the project."""
    folder = tmp_path_factory.mktemp("dbt")
    run_dbt(folder, "parse", check=True)
    return json.loads((folder / "target/manifest.json").read_text())


def node_id(table):
    return f"model.dark_halo_scope.{table}"


def ancestors(manifest, node):
    found, waiting = set(), [node]
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), []):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


@pytest.mark.parametrize("table", SUITES)
def test_a_table_with_a_suite_is_validated_when_it_is_built(manifest, table):
    tests = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node") == node_id(table)
    ]
    assert "passes_suite" in {
        test["test_metadata"]["name"] for test in tests if test.get("test_metadata")
    }


@pytest.mark.parametrize("table", SUITES)
def test_what_a_suite_looks_at_is_built_before_its_table(manifest, table):
    names = {
        node["name"]: unique_id
        for unique_id, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in ("model", "seed", "source")
    }
    queries = " ".join(SUITES[table].query(check) for check in SUITES[table].all_checks())
    mentioned = set(re.findall(r"(?:from|join|describe)\s+(\w+)", queries)) & names.keys()
    assert mentioned >= {table}
    late = {names[name] for name in mentioned - {table}} - ancestors(manifest, node_id(table))
    assert late == set()


@pytest.fixture
def scratch_lake(tmp_path, monkeypatch):
    """A lake with one table, and one suite for it."""
    suite = Suite("tasks", "", ("task_id",), checks=(between("task_id", 0, settings()["seed"]),))
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "lake"))
    monkeypatch.setattr(registry, "STAGES", {"stage": lambda _: (suite,)})
    connection = lake.connect()
    connection.execute("create table tasks as select 12 as task_id")
    dbt_test.register(connection)
    yield connection
    connection.close()


def validate_in_sql(connection):
    return connection.execute("select gx_validate('tasks', 'tasks', '{}')").fetchone()[0]


def test_the_sql_function_returns_what_fails_and_logs_it(scratch_lake, caplog):
    assert validate_in_sql(scratch_lake) == []
    scratch_lake.execute("update tasks set task_id = 14")
    with caplog.at_level(logging.ERROR, logger="expectations"):
        assert validate_in_sql(scratch_lake) == ["task_id_in_range: 1 rows"]
    assert "tasks fails task_id_in_range: 1 rows" in caplog.text


def test_the_sql_function_of_an_unknown_suite_says_so(scratch_lake):
    with pytest.raises(duckdb.InvalidInputException, match="no suite for the table nothing"):
        scratch_lake.execute("select gx_validate('nothing', 'tasks', '{}')").fetchall()


@pytest.fixture(scope="module")
def small_project(tmp_path_factory):
    """A dbt project with our plugin and test, and a table whose suite a var breaks."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "tests/generic").symlink_to(PROJECT / "tests/dbt/generic")
    (folder / "dbt_project.yml").write_text(
        "name: dark_halo_scope\nprofile: dark_halo_scope\ntest-paths: [tests]\n"
        "seed-paths: []\nvars: {replicates: 1}\n"
    )
    models = folder / "models"
    models.mkdir()
    (models / "injection_tasks.sql").write_text(
        "select 'e' as experiment_id, '0001p002' as brickname"
    )
    (models / "task_bricks.sql").write_text(
        "select *, {{ var('replicates') }} as n_tasks, 1 as n_hosts from {{ ref('injection_tasks') }}"
    )
    (models / "downstream.sql").write_text("select * from {{ ref('task_bricks') }}")
    (models / "models.yml").write_text("models: [{name: task_bricks, data_tests: [passes_suite]}]")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("n_tasks", "summary"),
    [(1, "PASS=4 WARN=0 ERROR=0 SKIP=0"), (2, "PASS=2 WARN=0 ERROR=1 SKIP=1")],
)
def test_a_failing_suite_fails_its_test_and_skips_what_depends_on_it(
    small_project, n_tasks, summary
):
    built = run_dbt(small_project, "build", "--vars", f"replicates: {n_tasks}", cwd=small_project)
    assert summary in built.stdout, built.stdout
    assert built.returncode == (n_tasks != 1)
