"""Single gates on hand-made numbers."""

import pyarrow as pa
import pytest

from tests.models.cutouts.gates import gates

QUALITY = pa.table(
    {
        "is_lens": [True, False],
        "quality_ok": [True, True],
        "g_r_off_mag": [0.0, 0.0],
        "r_z_off_mag": [0.0, 0.0],
        "flux_over_catalogue_r": [1.0, 1.0],
    }
)
SCORES = pa.table(
    {
        "feature": ["ebv"],
        "kind": ["nuisance"],
        "is_expected": [False],
        "auc_folded": [0.5],
        "auc_folded_low": [0.5],
        "verdict": ["green"],
    }
)
CLASSIFIERS = pa.table({"classifier": ["sham"], "auc": [0.5], "top_features": [["ebv"]]})


@pytest.mark.parametrize(
    ("difference_nmgy", "verdict"),
    [
        (0.0, "pass"),
        (2e-44, "pass"),  # a denormal on a pixel that was exactly zero
        (1e-9, "fail"),  # far below any noise, and no arc
    ],
)
def test_sham_may_leave_its_own_light_and_nothing_more(difference_nmgy, verdict):
    sham = pa.table({"max_abs_difference_nmgy": [0.0, difference_nmgy]})
    found = gates(QUALITY, SCORES, CLASSIFIERS, sham)
    assert found["sham_leaves_pixels_alone"]["verdict"] == verdict


@pytest.mark.parametrize(("auc", "verdict"), [(0.59, "pass"), (0.61, "fail")])
def test_a_classifier_on_nuisances_blocks(auc, verdict):
    classifiers = pa.table({"classifier": ["nuisance"], "auc": [auc], "top_features": [["ebv"]]})
    found = gates(QUALITY, SCORES, classifiers, pa.table({"max_abs_difference_nmgy": [0.0]}))
    assert found["nuisance_classifier"]["verdict"] == verdict
    assert found["nuisance_classifier"]["offenders"] == ([] if verdict == "pass" else ["ebv"])


def test_a_classifier_on_the_core_warns_only():
    classifiers = pa.table(
        {"classifier": ["core_only"], "auc": [0.95], "top_features": [["inner4_max_r"]]}
    )
    found = gates(QUALITY, SCORES, classifiers, pa.table({"max_abs_difference_nmgy": [0.0]}))
    assert found["core_only_classifier"]["verdict"] == "warning"
    assert "core_only_classifier" not in found["overall"]["offenders"]
