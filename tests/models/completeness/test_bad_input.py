"""Scores and choices in the seeds that make no sense stop the stage with one sentence each."""

import shutil

import pytest

# What spoils a seed, and what is said of it.
SENSELESS = {
    "update recovery_rules set statistic = 'arc_snt' where rule = 'snr_only'": (
        "rule 'snr_only' names the column 'arc_snt', which injections does not have"
    ),
    "update recovery_rules set false_positive_rate = 1.5 where rule = 'blind_fpr_1e1'": (
        "rule 'blind_fpr_1e1' has the false_positive_rate 1.5, which is not between 0 and 1"
    ),
    "update completeness_edges set edge = 'nan' where axis = 'src_r_mag' and edge_number = 3": (
        "axis 'src_r_mag' has edge nan (edge_number 3) after 20.0: edges must increase"
    ),
    "update completeness_axes set column_name = 'zmug' where axis = 'lens_z_mag'": (
        "axis 'lens_z_mag' names the column 'zmug', which injections does not have"
    ),
    "update completeness_cubes set axis = 'colour' where cube = 'theta_e_snr' and axis = 'theta_e_arcsec'": (
        "cube 'theta_e_snr' names the axis 'colour', which completeness_axes does not have"
    ),
}
BAD_SCORES = {
    "update raw_finder_scores set score = 'nan' where object_id = "
    "(select min(task_id) from injections where cutout_ok)": "by net has the score nan",
    "insert into raw_finder_scores from raw_finder_scores limit 1": "by net has 2 scores",
    "insert into raw_finder_scores values ('task', 'task_of_nobody', 'net', 1.0, 'made up')": (
        "finder_scores: task_of_nobody by net is not in injections"
    ),
    "insert into raw_finder_scores values ('render', 'render_of_nobody', 'vit', 1.0, 'made up')": (
        "finder_scores: render_of_nobody by vit is not in injections"
    ),
}


@pytest.fixture
def broken(catalogue, tmp_path):
    """A copy of the catalogue's lake in which something can be spoilt."""
    place = type(catalogue)(tmp_path)
    shutil.copytree(catalogue.lake, place.lake)
    shutil.copytree(catalogue.folder / "target", tmp_path / "target")
    return place


def test_all_senseless_choices_are_named_at_once(broken):
    with broken.connect() as connection:
        for statement in SENSELESS:
            connection.execute(statement)
    said = broken.dbt("run", "--select", "completeness_bins", check=False)
    for sentence in SENSELESS.values():
        assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize("statement", BAD_SCORES)
def test_a_bad_score_is_named(broken, statement):
    with broken.connect() as connection:
        connection.execute(statement)
    said = broken.dbt("run", "--select", "recovery_thresholds", check=False)
    assert BAD_SCORES[statement] in said
    assert "Traceback" not in said


def test_unit_tests_of_the_stage_do_not_see_the_scores_of_the_lake(broken):
    with broken.connect() as connection:
        connection.execute(
            "insert into raw_finder_scores select 'galaxy', 'n' || n, 'blind_snr', 5e0 + n, 'made up' "
            "from range(20) as t(n)"
        )
        connection.execute(
            "insert into raw_finder_scores "
            "select 'task', task_id, 'net', 5e0, 'made up' from (values ('a'), ('b'), ('c'), ('d')) as t(task_id)"
        )
    said = broken.dbt("test", "--select", "completeness,test_type:unit")
    assert "PASS scores_without_arc::a_host_without_an_arc_is_one_draw" in said
