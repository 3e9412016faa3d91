"""The plan of the completeness stage, from the project's seeds and from ones that make no sense."""

import dataclasses
import json
from itertools import pairwise

import duckdb
import pytest

from expectations.seeds import seed_rows
from udfs.completeness import plan

SEEDS = ("recovery_rules", "completeness_axes", "completeness_edges", "completeness_cubes")
COLUMNS = (
    *("theta_e_arcsec", "src_r_mag", "arc_snr", "arc_snr_matched", "blind_snr", "psfdepth_r"),
    *("zmag", "region_id", "region_split", "selection_set_id", "ranking_mode", "src_dmag"),
    "src_reff_arcsec",
)


def project_seeds(chosen_cubes=()):
    rows = {seed: [dict(row) for row in seed_rows(seed)] for seed in SEEDS}
    return plan.Seeds(**rows, columns=COLUMNS, chosen_cubes=chosen_cubes)


def spoilt(seed, changes, **where):
    """The project's seeds with changes to the rows of one of them."""
    seeds = project_seeds()
    rows = [row for row in getattr(seeds, seed) if where.items() <= row.items()]
    assert rows
    for row in rows:
        row.update(changes)
    return seeds


def cube(seeds, name):
    (found,) = (cube for cube in plan.plan(seeds)["cubes"] if cube["cube"] == name)
    return found


def test_the_seeds_of_the_project_have_no_problems():
    assert plan.problems(project_seeds()) == []


def test_rules_on_columns_come_in_the_order_of_their_numbers():
    rules = plan.plan(project_seeds())["rules"]
    expected = [row["rule"] for row in seed_rows("recovery_rules") if row["rule_kind"] != "finder"]
    assert [rule["rule"] for rule in rules] == expected
    assert rules[0]["theta_over_psf_minimum"] == "0.8"
    assert rules[-1]["minimum"] is None


def test_edges_are_those_of_the_seed_and_infinite_ones_can_be_cast():
    axes = {axis["axis"]: axis for axis in plan.plan(project_seeds())["axes"]}
    edges = [float(edge) for edge in axes["src_r_mag"]["edges"]]
    assert edges == [
        float(r["edge"]) for r in seed_rows("completeness_edges") if r["axis"] == "src_r_mag"
    ]
    assert all(low < high for low, high in pairwise(edges))
    assert duckdb.sql(f"select '{axes['src_r_mag']['edges'][0]}'::double").fetchone() == (
        float("-inf"),
    )
    assert axes["region_id"]["edges"] == []


def test_each_axis_with_a_marginal_has_a_cube_of_its_own():
    cubes = [cube["cube"] for cube in plan.plan(project_seeds())["cubes"]]
    marginals = [
        f"by_{r['axis']}" for r in seed_rows("completeness_axes") if r["has_marginal"] == "true"
    ]
    assert cubes[: len(marginals)] == marginals
    assert set(cubes) - set(marginals) == {r["cube"] for r in seed_rows("completeness_cubes")}


def test_a_cube_knows_its_axes_in_the_order_of_its_cells():
    region = cube(project_seeds(), "region")
    assert region["axes"] == ["region_id", "region_split", "theta_e_arcsec"]
    assert region["crossed"] == ["theta_e_arcsec"]
    assert region["control_axes"] == ["region_id", "region_split"]
    assert region["only_rule_kind"] is None
    assert cube(project_seeds(), "overall")["axes"] == []
    assert cube(project_seeds(), "original")["only_rule_kind"] == "detectability"


def test_only_cubes_that_tell_selection_sets_apart_count_every_task():
    every = {c["cube"] for c in plan.plan(project_seeds())["cubes"] if not c["is_render_once"]}
    assert every == {"by_selection_set_id", "selection", "original", "original_over_regions"}


def test_cubes_share_the_controls_of_the_first_that_tells_them_apart_alike():
    seeds = project_seeds(("theta_e_psf", "by_psf_fwhm_arcsec", "theta_e_snr", "overall"))
    assert {c["cube"]: c["control_cube"] for c in plan.plan(seeds)["cubes"]} == {
        "by_psf_fwhm_arcsec": "by_psf_fwhm_arcsec",
        "theta_e_psf": "by_psf_fwhm_arcsec",
        "overall": "overall",
        "theta_e_snr": "overall",
    }


PROBLEMS = [
    (
        spoilt("recovery_rules", {"minimum": ""}, rule="original"),
        "rule 'original' must have either a minimum or a false_positive_rate",
    ),
    (
        spoilt("recovery_rules", {"minimum": "5", "false_positive_rate": "0.1"}, rule="snr_only"),
        "rule 'snr_only' must have either a minimum or a false_positive_rate",
    ),
    (
        spoilt("recovery_rules", {"minimum": "inf"}, rule="snr_only"),
        "rule 'snr_only' has the minimum inf, which is no finite number",
    ),
    (
        spoilt("recovery_rules", {"false_positive_rate": "1.5"}, rule="blind_fpr_1e1"),
        "has the false_positive_rate 1.5, which is not between 0 and 1",
    ),
    (
        spoilt("recovery_rules", {"statistic": "arc_snt"}, rule="snr_only"),
        "names the column 'arc_snt', which injections does not have",
    ),
    (
        spoilt("recovery_rules", {"rule_kind": "guess"}, rule="snr_only"),
        "has the rule_kind 'guess', not one of detectability, blind, finder",
    ),
    (
        spoilt("recovery_rules", {"rule": "original"}, rule="snr_only"),
        "recovery_rules: rule 'original' is given 2 times",
    ),
    (
        spoilt("completeness_axes", {"column_name": "zmug"}, axis="lens_z_mag"),
        "axis 'lens_z_mag' names the column 'zmug', which injections does not have",
    ),
    (
        spoilt("completeness_axes", {"axis_kind": "round"}, axis="region_id"),
        "axis 'region_id' has the axis_kind 'round', not one of binned, category",
    ),
    (
        spoilt("completeness_axes", {"axis_kind": "binned"}, axis="region_id"),
        "completeness_edges: binned axis 'region_id' needs two edges or more",
    ),
    (
        spoilt("completeness_edges", {"edge": "0.2"}, axis="theta_e_arcsec", edge_number="3"),
        "axis 'theta_e_arcsec' has edge 0.2 (edge_number 3) after 0.5: edges must increase",
    ),
    (
        spoilt("completeness_edges", {"edge": "nan"}, axis="src_r_mag", edge_number="3"),
        "axis 'src_r_mag' has edge nan (edge_number 3) after 20.0: edges must increase",
    ),
    (
        spoilt("completeness_edges", {"axis": "src_g_mag"}, axis="src_r_mag", edge_number="0"),
        "completeness_edges: 'src_g_mag' is no binned axis of completeness_axes",
    ),
    (
        spoilt("completeness_cubes", {"axis": "colour"}, cube="theta_e_snr", axis="theta_e_arcsec"),
        "cube 'theta_e_snr' names the axis 'colour', which completeness_axes does not have",
    ),
    (
        spoilt("completeness_cubes", {"combination": "mixed"}, cube="theta_e_snr"),
        "cube 'theta_e_snr' has the combination 'mixed', not one of crossed, observed",
    ),
    (
        spoilt("completeness_cubes", {"cube": "by_theta_e_arcsec"}, cube="theta_e_snr"),
        "cube 'by_theta_e_arcsec' has the name of the marginal that its axis brings along",
    ),
    (
        spoilt("completeness_cubes", {"cube": "a cube; drop"}, cube="theta_e_snr"),
        "cube 'a cube; drop' is no name of letters, digits and underscores",
    ),
    (
        spoilt("completeness_cubes", {"axis": "theta_e_arcsec"}, cube="theta_e_snr"),
        "cube 'theta_e_snr' names an axis twice",
    ),
    (
        spoilt("completeness_cubes", {"only_rule_kind": "blind"}, cube="original", axis="psf_bin"),
        "cube 'original' has more than one only_rule_kind",
    ),
    (
        spoilt("completeness_cubes", {"only_rule_kind": "odd"}, cube="theta_e_snr"),
        "cube 'theta_e_snr' has the only_rule_kind 'odd', not one of",
    ),
    (project_seeds(("everything",)), "var completeness_cubes names 'everything': there are by_"),
]


@pytest.mark.parametrize(("seeds", "said"), PROBLEMS, ids=[said for _, said in PROBLEMS])
def test_a_senseless_choice_is_a_problem(seeds, said):
    assert any(said in problem for problem in plan.problems(seeds))


def test_sql_tells_all_problems_at_once_and_the_plan_when_there_is_none():
    spoilt_twice = dataclasses.replace(
        spoilt("recovery_rules", {"minimum": ""}, rule="original"), chosen_cubes=["everything"]
    )
    with duckdb.connect() as connection:
        plan.register(connection)
        problems, good = (
            json.loads(
                connection.execute(
                    "select completeness_plan(?)", [json.dumps(dataclasses.asdict(seeds))]
                ).fetchone()[0]
            )
            for seeds in (spoilt_twice, project_seeds())
        )
    assert len(problems["problems"]) == 2
    assert good == {"problems": [], **plan.plan(project_seeds())}
