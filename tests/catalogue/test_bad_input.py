"""One clear sentence for what cannot be, and for what has to run first."""

import pytest

from tests.catalogue.conftest import Lake


def refusal(scratch, *arguments):
    finished = scratch.dbt(*arguments)
    assert finished.returncode == 1
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
    ],
    ids=["variant", "unknown_var", "tier", "pairing", "guardrail"],
)
def test_a_choice_that_cannot_be_is_refused_with_what_there_is(own_lake, arguments, sentence):
    assert sentence in refusal(own_lake, *arguments)


def test_a_stage_says_what_has_to_run_before_it(raw_lake, tmp_path):
    answer = refusal(raw_lake.copy(tmp_path), "run", "--select", "brick_counts")
    assert "stage 'regions' reads" in answer
    assert "which the lake lacks: run `dbt build --select staging` first" in answer


def test_a_fresh_lake_asks_for_the_survey(tmp_path):
    answer = refusal(Lake(tmp_path), "build", "--select", "staging")
    assert "run `python -m ingest" in answer
