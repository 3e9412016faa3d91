"""The command, on a real lake in a scratch folder: what it says, writes and returns."""

import types
import xml.etree.ElementTree as ET

import pytest

from expectations import __main__ as command
from expectations import registry
from expectations.suite import Suite, between
from store import lake

STAGES = {
    "staging": lambda settings: (
        Suite("bricks", "One row per brick.", ("brickid",)),
        Suite(
            "tasks",
            "One row per task.",
            ("task_id",),
            checks=(between("seed", settings["seed"], settings["seed"]),),
        ),
    ),
    "regions": lambda settings: (Suite("regions", "One row per region.", ("region_id",)),),
}


@pytest.fixture
def scratch_lake(tmp_path, monkeypatch):
    """A lake with one good stage of two tables, and one stage that is not built."""
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "lake"))
    monkeypatch.delenv(command.SUMMARY_VARIABLE, raising=False)
    monkeypatch.setattr(registry, "STAGES", STAGES)
    monkeypatch.setattr(command, "STAGES", STAGES)
    connection = lake.connect()
    connection.execute("create table bricks as select i as brickid from range(3) t(i)")
    connection.execute("create table tasks as select i as task_id, 13 as seed from range(2) t(i)")
    yield types.SimpleNamespace(folder=tmp_path, execute=connection.execute)
    connection.close()


def test_a_good_stage_passes_and_says_where_to_look(scratch_lake, capsys):
    assert command.main(["staging"]) == 0
    index = scratch_lake.folder / "lake/reports/expectations/index.html"
    assert capsys.readouterr().out.splitlines() == [
        "2 of 2 tables meet their suite (9 expectations).",
        f"look: {index}",
    ]
    assert index.exists()


def test_a_failing_table_exits_1_with_suite_expectation_and_observed(scratch_lake, capsys):
    scratch_lake.execute("update tasks set seed = 14 where task_id = 1")
    assert command.main(["staging"]) == 1
    heading, row, *_ = capsys.readouterr().out.splitlines()
    assert heading.split() == ["suite", "expectation", "observed"]
    assert row.split(maxsplit=2) == ["tasks", "seed_in_range", "1 rows (task_id=1, seed=14)"]


def test_vars_of_the_dbt_run_are_compared_with(scratch_lake):
    scratch_lake.execute("update tasks set seed = 14")
    assert command.main(["staging"]) == 1
    assert command.main(["staging", "--vars", "{seed: 14}"]) == 0


def test_an_empty_table_fails(scratch_lake, capsys):
    scratch_lake.execute("delete from bricks")
    assert command.main(["staging"]) == 1
    assert "has_rows" in capsys.readouterr().out


def test_a_table_missing_from_a_built_stage_fails(scratch_lake, capsys):
    scratch_lake.execute("drop table tasks")
    assert command.main(["staging"]) == 1
    assert "is_built" in capsys.readouterr().out


def test_a_stage_asked_for_that_is_not_built_is_one_sentence(scratch_lake, capsys):
    assert command.main(["regions"]) == 1
    said = capsys.readouterr()
    assert said.err == ("error: not built yet: regions; run 'dbt build --select regions'\n")
    assert said.out == ""


def test_without_a_stage_what_is_built_is_validated_and_the_rest_is_named(scratch_lake, capsys):
    assert command.main([]) == 0
    assert capsys.readouterr().out.startswith("not built yet, so not validated: regions\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["stagin"], "error: no stage stagin: there are staging, regions"),
        (["--vars", "["], "error: --vars is not YAML: '['"),
        (["--vars", "13"], "error: --vars must be a mapping like '{seed: 14}', not '13'"),
        (["--vars", "{sed: 14}"], "error: no var sed: dbt_project.yml lists what can be"),
        (["--github-summary"], "error: --github-summary needs GITHUB_STEP_SUMMARY"),
        (["--junit", "/nowhere/x.xml"], "error: /nowhere/x.xml: No such file or directory"),
    ],
)
def test_misuse_is_one_sentence_and_exit_1(scratch_lake, capsys, arguments, sentence):
    assert command.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1


def test_no_lake_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "nowhere"))
    assert command.main([]) == 1
    assert capsys.readouterr().err.startswith("error: no lake at ")


def test_junit_has_a_case_per_expectation_and_a_failure_per_failed_one(scratch_lake):
    scratch_lake.execute("update tasks set seed = 14 where task_id = 1")
    target = scratch_lake.folder / "junit.xml"
    command.main(["staging", "--junit", str(target)])
    suites = ET.parse(target).getroot().findall("testsuite")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("staging.bricks", "4", "0"),
        ("staging.tasks", "5", "1"),
    ]
    (failure,) = suites[1].findall("testcase[@name='seed_in_range']/failure")
    assert failure.get("message") == "1 rows"


def test_the_github_summary_is_appended_with_what_failed(scratch_lake, monkeypatch):
    target = scratch_lake.folder / "summary.md"
    target.write_text("before\n")
    monkeypatch.setenv(command.SUMMARY_VARIABLE, str(target))
    scratch_lake.execute("update tasks set seed = 14 where task_id = 1")
    command.main(["staging", "--github-summary"])
    text = target.read_text()
    assert text.startswith("before\n### Expectations: 1 of 2 tables meet their suite\n")
    assert "| tasks | seed_in_range | 1 rows (task_id=1, seed=14) |" in text
