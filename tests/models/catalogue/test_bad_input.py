"""One clear sentence for what cannot be, and for what has to run first."""

import json
from collections import Counter

import pytest

from store.project import problems
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


VARS = {
    "tier": ["debug"],
    "parent_variant": "v9",
    "tiers": ["debug", "test"],
    "control_pairing": "both",
    "clean_max_bad_pixel_frac": 1.5,
    "lens_e_max": 1.2,
    "replicates": "many",
    "survey_size": "dr9",
    "psf_profile": "airy",
    "detection_band": "it's",
    "split_nside": 12,
    "metrics_only": "yes",
}


def test_a_dozen_choices_that_cannot_be_are_refused_in_one_run(own_lake):
    said = refusal(own_lake, *MANIFESTS, json.dumps(VARS))
    expected = problems(VARS)
    assert len(expected) == len(VARS)
    for sentence in expected:
        assert " ".join(sentence.split()) in said


def test_more_tasks_than_allowed_are_refused_with_what_makes_them(own_lake):
    assert (
        "more than task_limit 1,000. The largest experiment is train_stamp64_bandsgrz_grid"
        "recoverable and its biggest factor galaxies per selection set and split (640)"
    ) in refusal(own_lake, *MANIFESTS, "{task_limit: 1000}")


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
    refusal(scratch, *MANIFESTS, "{task_limit: 1000}")
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
