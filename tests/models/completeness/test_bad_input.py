"""Rules and axes that make no sense stop the stage with one sentence."""

import shutil

import pytest

BREAKS = {
    "rule_column": (
        "update recovery_rules set statistic = 'arc_snt' where rule = 'snr_only'",
        "recovery_thresholds",
        "rule 'snr_only' names the column 'arc_snt', which injections does not have",
    ),
    "rule_threshold": (
        "update recovery_rules set minimum = null where rule = 'original'",
        "recovery_thresholds",
        "rule 'original' must have either a minimum or a false_positive_rate",
    ),
    "edges": (
        "update completeness_edges set edge = 0.2 "
        "where axis = 'theta_e_arcsec' and edge_number = 3",
        "completeness_bins",
        "axis 'theta_e_arcsec' has edge 0.2 (edge_number 3) after 0.5: edges must increase",
    ),
    "rate": (
        "update recovery_rules set false_positive_rate = 1.5 where rule = 'blind_fpr_1e1'",
        "recovery_thresholds",
        "rule 'blind_fpr_1e1' has the false_positive_rate 1.5, which is not between 0 and 1",
    ),
    "edge_missing": (
        "update completeness_edges set edge = 'nan' where axis = 'src_r_mag' and edge_number = 3",
        "completeness_bins",
        "axis 'src_r_mag' has edge nan (edge_number 3) after 20.0: edges must increase",
    ),
    "score_nan": (
        "update raw_finder_scores set score = 'nan' where object_id = (select min(task_id) from injections "
        "where cutout_ok)",
        "recovery_thresholds",
        "by net has the score nan",
    ),
    "score_twice": (
        "insert into raw_finder_scores from raw_finder_scores limit 1",
        "recovery_thresholds",
        "by net has 2 scores",
    ),
    "score_unknown": (
        "insert into raw_finder_scores values ('task', 'task_of_nobody', 'net', 1.0, 'made up')",
        "recovery_thresholds",
        "finder_scores: task_of_nobody by net is not in injections",
    ),
    "score_of_render_unknown": (
        "insert into raw_finder_scores values ('render', 'render_of_nobody', 'vit', 1.0, 'made up')",
        "recovery_thresholds",
        "finder_scores: render_of_nobody by vit is not in injections",
    ),
    "axis_column": (
        "update completeness_axes set column_name = 'zmug' where axis = 'lens_z_mag'",
        "completeness_bins",
        "axis 'lens_z_mag' names the column 'zmug', which injections does not have",
    ),
    "cube_axis": (
        "update completeness_cubes set axis = 'colour' where cube = 'theta_e_snr' "
        "and axis = 'theta_e_arcsec'",
        "completeness_signal",
        "cube 'theta_e_snr' names the axis 'colour', which completeness_axes does not have",
    ),
}


@pytest.fixture
def broken(catalogue, tmp_path):
    """A copy of the catalogue's lake in which something can be spoilt."""
    place = type(catalogue)(tmp_path)
    shutil.copytree(catalogue.lake, place.lake)
    shutil.copytree(catalogue.folder / "target", tmp_path / "target")
    return place


@pytest.mark.parametrize(
    "names",
    [
        ("rule_column", "edges"),
        ("rule_threshold", "axis_column"),
        ("rate", "edge_missing"),
        ("cube_axis",),
        ("score_of_render_unknown",),
    ],
    ids="-".join,
)  # what stops different models is tried in one run
def test_a_senseless_choice_is_named(broken, names):
    with broken.connect() as connection:
        for name in names:
            connection.execute(BREAKS[name][0])
    said = broken.dbt("run", "--select", *(BREAKS[name][1] for name in names), check=False)
    for name in names:
        assert BREAKS[name][2] in said
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
    assert "PASS recovery_thresholds::a_threshold_leaves" in said
