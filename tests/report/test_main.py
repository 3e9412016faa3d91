"""The report of a lake on which stages have not run yet."""

import pytest

from report import __main__ as command
from report.stages import STAGES, stage_of_tables, what_is_missing
from store import lake

STAGING = """
create table stg_bricks as select 1 as brickid;
create table stg_sources as select 1 as brickid, 1 as objid;
"""


@pytest.fixture(params=["no stage", "staging only"])
def young_lake(request, tmp_path, monkeypatch):
    """A lake that has no stage's tables, or those of staging."""
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "lake"))
    with lake.connect() as connection:
        connection.execute(STAGING if request.param == "staging only" else "")
    return tmp_path / "lake"


def test_every_section_says_which_stage_it_waits_for(young_lake):
    with lake.connect(read_only=True) as connection:
        sections = command.build_sections(connection)
    assert len(sections) == len(command.SECTIONS)
    for section in sections:
        (note,) = section.blocks
        assert note.text.startswith("Not drawn: the lake has no table")
        assert "Run the stage: dbt build --select" in note.text


def test_a_page_is_written_all_the_same(young_lake, capsys):
    assert command.main(["--no-dbt-docs"]) == 0
    page = (young_lake / "reports" / "index.html").read_text()
    assert page.count("Not drawn: ") == len(command.SECTIONS)
    assert "Traceback" not in capsys.readouterr().err


def test_no_python_object_stands_in_for_a_table(young_lake):
    parent_funnel = [1, 2, 3]
    assert parent_funnel
    with (
        lake.connect(read_only=True) as connection,
        pytest.raises(lake.duckdb.CatalogException, match="parent_funnel does not exist"),
    ):
        connection.sql("from parent_funnel")


def test_tables_are_known_by_their_stage():
    stages = stage_of_tables()
    assert stages["parent_funnel"] == "parents"
    assert stages["injections"] == "injections"
    assert set(stages.values()) == set(STAGES)


def test_another_complaint_is_said_as_it_is():
    assert what_is_missing("Catalog Error: no function f!\nmore").startswith(
        "Catalog Error: no function f! Run"
    )
