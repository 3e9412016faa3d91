"""The baseline finder: what it learns on, and what it refuses."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from udfs.baseline_finder import baseline_scores
from udfs.shortcuts import Objects


def made_up_objects(n=600):
    rng = np.random.default_rng(8)
    label = rng.random(n) < 0.3
    features = {"arc": rng.normal(size=n) + 2.5 * label, "noise": rng.normal(size=n)}
    return Objects(label, np.zeros(n, int), features), rng.random(n) < 0.6


def test_it_finds_what_tells_lenses_on_objects_it_has_not_seen():
    objects, is_train = made_up_objects()
    scores = baseline_scores(objects, ["arc", "noise"], is_train, 13)
    # Two unit normals 2.5 apart have an AUC of Phi(2.5 / sqrt 2) = 0.961.
    assert 0.9 < roc_auc_score(objects.label[~is_train], scores[~is_train]) < 0.99


def test_labels_outside_the_train_split_change_nothing():
    objects, is_train = made_up_objects()
    other = Objects(objects.label ^ ~is_train, objects.cluster, objects.features)
    names = ["arc", "noise"]
    np.testing.assert_array_equal(
        baseline_scores(objects, names, is_train, 13), baseline_scores(other, names, is_train, 13)
    )


def test_train_split_without_lenses_is_refused():
    objects, is_train = made_up_objects()
    with pytest.raises(ValueError, match="0 lenses"):
        baseline_scores(objects, ["arc"], is_train & ~objects.label, 13)
