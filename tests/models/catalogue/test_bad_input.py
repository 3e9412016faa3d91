"""One clear sentence for what cannot be, and for what has to run first."""

import json
from collections import Counter

import pytest

from tests.models.catalogue.conftest import Lake


def refusal(scratch, *arguments, code=1):
    finished = scratch.dbt(*arguments)
    assert finished.returncode == code
    assert "Traceback" not in finished.stdout + finished.stderr
    return " ".join(finished.stdout.split())


@pytest.fixture(scope="module")
def own_lake(catalogue, tmp_path_factory):
    return catalogue.copy(tmp_path_factory.mktemp("refusals"))


MANIFESTS = ("run", "--select", "manifests", "--vars")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("run", "--select", "parent_funnel", "--vars", "{parent_variant: v9}"),
            "no galaxy variant 'v9': the seed lrg_variants has v1_pure_massive, v2_baseline_dr10",
        ),
        ((*MANIFESTS, "{tier: [debug]}"), "no var tier: dbt_project.yml lists what can be set"),
        ((*MANIFESTS, "{tiers: [debug, test]}"), "var tiers: there is no 'test', only debug, grid"),
        (
            (*MANIFESTS, "{control_pairing: both}"),
            "var control_pairing: there is no 'both', only paired, disjoint",
        ),
        (
            (*MANIFESTS, "{task_limit: 1000}"),
            "more than task_limit 1,000. The largest experiment is train_stamp64_bandsgrz_grid"
            "recoverable and its biggest factor galaxies per selection set and split (640)",
        ),
        (
            (*MANIFESTS, "{clean_max_bad_pixel_frac: 1.5}"),
            "var clean_max_bad_pixel_frac is 1.5: it must be a number from 0 to 1",
        ),
        (
            (*MANIFESTS, "{lens_e_max: 1.2}"),
            "var lens_e_max is 1.2: it must be a number from 0 to below 1",
        ),
        (
            (*MANIFESTS, "{lens_e_min: 0.6}"),
            "var lens_e_min is 0.6: it must be at most lens_e_max, 0.5",
        ),
        (
            (*MANIFESTS, "{replicates: many}"),
            "var replicates is many: it must be a number above 0",
        ),
        ((*MANIFESTS, "{survey_size: dr9}"), "var survey_size: there is no 'dr9', only demo, dr10"),
        (
            (*MANIFESTS, "{psf_profile: airy}"),
            "var psf_profile: there is no 'airy', only moffat, gaussian",
        ),
    ],
    ids=[
        *("variant", "unknown_var", "tier", "pairing", "guardrail", "share", "below_one", "order"),
        *("no_number", "survey_size", "psf_profile"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_what_there_is(own_lake, arguments, sentence):
    assert sentence in refusal(own_lake, *arguments)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("n_galaxies = 0", "tier debug asks for 0 galaxies"),
        (
            "grid = 'grid_smal'",
            'tier debug asks for the grid "grid_smal", which neither the seed grid_axes nor the seed'
            " priors has",
        ),
        ("sampling = 'some_configs'", "no such sampling: some_configs"),
    ],
    ids=["galaxies", "grid", "sampling"],
)
def test_a_tier_that_cannot_be_is_refused_before_anything_is_made(
    own_lake, tmp_path, change, sentence
):
    scratch = own_lake.copy(tmp_path)
    with scratch.connect(read_only=False) as connection:
        connection.execute(
            f"update tiers set {change} where survey_size = 'demo' and tier = 'debug'"
        )
    assert sentence in refusal(scratch, *MANIFESTS[:-1])
    assert counts_of_last_run(scratch)[0] < 5  # the tables of hosts and tasks are left undone


@pytest.mark.parametrize("stages", [("stagin",), ("staging", "manifest")], ids="-".join)
def test_a_stage_that_there_is_not_is_an_error(own_lake, stages):
    said = refusal(own_lake, "build", "--select", *stages, code=2)
    assert f"The selection criterion '{stages[-1]}' does not match any enabled nodes" in said


def counts_of_last_run(scratch):
    """n_ok, n_failed and n_skipped of the last row of `runs`."""
    counts = scratch.rows("select n_ok, n_failed, n_skipped from runs order by finished_at")
    return counts[-1]


def test_what_was_skipped_is_not_counted_as_good(catalogue, tmp_path):
    scratch = catalogue.copy(tmp_path)
    with scratch.connect(read_only=False) as connection:  # as an earlier version made it
        connection.execute("alter table runs drop column n_skipped")
    refusal(scratch, "run", "--select", "manifests", "--vars", "{tiers: [debug, test]}")
    results = json.loads((scratch.folder / "target" / "run_results.json").read_text())["results"]
    models = [one for one in results if one["unique_id"].startswith("model.")]
    counted = Counter(one["status"] for one in models)
    assert min(counted["error"], counted["skipped"]) > 0
    assert counts_of_last_run(scratch) == (
        counted["success"],
        counted["error"],
        counted["skipped"],
    )


def test_a_run_that_a_first_hook_stopped_failed(catalogue, tmp_path):
    scratch = catalogue.copy(tmp_path)
    refusal(scratch, "run", "--select", "bricks_with_region", "--vars", "{tier: [debug]}")
    assert counts_of_last_run(scratch) == (0, 1, 1)


def test_a_stage_says_what_has_to_run_before_it_and_on_which_lake(raw_lake, tmp_path):
    scratch = raw_lake.copy(tmp_path)
    answer = refusal(scratch, "run", "--select", "brick_counts")
    assert "stage 'regions' reads" in answer
    there = f"which the lake at DHS_LAKE={scratch.path} lacks: run"
    assert f"{there} `dbt build --select staging` first" in answer


@pytest.mark.parametrize(
    ("stage", "first"),
    [("staging", "python -m ingest"), ("manifests", "dbt build --select")],
)
def test_a_fresh_lake_is_perhaps_the_wrong_one_and_asks_for_what_comes_first(
    tmp_path, stage, first
):
    scratch = Lake(tmp_path)
    answer = refusal(scratch, "build", "--select", stage)
    assert f"the lake at DHS_LAKE={scratch.path} lacks, as it does the survey's tables" in answer
    assert f"is that the lake you mean? If so, run `{first}" in answer
