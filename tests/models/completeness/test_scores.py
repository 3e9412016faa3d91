"""Scores by another door give the same thresholds: of renders, and of negatives from the lake."""

import shutil

import pytest

THRESHOLDS = "select * from recovery_thresholds where {} order by experiment_id, rule_number"
SHAM = """
    create or replace table sham_features as
    select '9999m999_' || n as galaxy_id, if(n = 0, null, n / 4) as blind_snr
    from range(40) as negatives(n)
"""


@pytest.fixture(scope="module")
def place(catalogue, tmp_path_factory):
    """Copy the catalogue's lake and add what the sham found on negatives."""
    folder = tmp_path_factory.mktemp("scores")
    copy = type(catalogue)(folder)
    shutil.copytree(catalogue.lake, copy.lake)
    shutil.copytree(catalogue.folder / "target", folder / "target")
    with copy.connect() as connection:
        connection.execute(SHAM)
    return copy


def thresholds(place, which, *arguments):
    """Return rows of recovery_thresholds after a run of dbt."""
    place.dbt("run", "--select", "recovery_thresholds", *arguments)
    with place.connect(read_only=True) as connection:
        return connection.execute(THRESHOLDS.format(which)).fetchall()


@pytest.mark.nightly
def test_a_var_takes_what_the_sham_injection_found_as_scores_of_galaxies_are_taken(place):
    blind = "statistic = 'blind_snr'"
    alone = thresholds(place, blind)
    by_var = thresholds(place, blind, "--vars", "{blind_snr_of_negatives: true}")
    with place.connect() as connection:
        connection.execute(
            "insert into raw_finder_scores select 'galaxy', galaxy_id, 'blind_snr', blind_snr, ''"
            " from sham_features where blind_snr is not null"
        )
    by_file = thresholds(place, blind)
    assert by_var == by_file != alone
    twice = place.dbt(
        "run", "--select", "recovery_thresholds", "--vars", "{blind_snr_of_negatives: true}",
        check=False,
    )  # fmt: skip
    assert "negative_scores: 9999m999_1 by blind_snr has 2 scores" in twice


def test_the_score_of_a_render_is_that_of_each_of_its_tasks(place):
    of_net = "finder = 'net'"
    of_tasks = thresholds(place, of_net)
    with place.connect() as connection:
        connection.execute(
            "create temp table of_renders as select distinct 'render' as object_kind, render_id,"
            " finder, any_value(score), 'made up' from raw_finder_scores inner join injections"
            " on object_id = task_id where object_kind = 'task' group by render_id, finder"
        )
        connection.execute("delete from raw_finder_scores where object_kind = 'task'")
        connection.execute("insert into raw_finder_scores from of_renders")
    assert of_tasks == thresholds(place, of_net)
    assert of_tasks
