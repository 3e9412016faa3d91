"""The baseline finder: what it learns on, and what it refuses."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from udfs.cutouts.baseline_finder import baseline_scores
from udfs.cutouts.shortcuts import Objects

N_BRICKS = 12


def made_up_objects(n=900):
    """Bricks 0 to 7 to learn on, the rest not; `mark` numbers the bricks and their shares of lenses."""
    rng = np.random.default_rng(8)
    cluster = rng.integers(0, N_BRICKS, n)
    label = rng.random(n) < np.linspace(0.1, 0.9, N_BRICKS)[cluster]
    features = {
        "arc": rng.normal(size=n) + 2.5 * label,
        "noise": rng.normal(size=n),
        "mark": rng.permutation(N_BRICKS)[cluster].astype(float),
    }
    return Objects(label, cluster, features), cluster < 8


@pytest.mark.parametrize("split", ["train", "others"])
def test_it_finds_what_tells_lenses_on_objects_it_has_not_seen(split):
    objects, is_train = made_up_objects()
    scores = baseline_scores(objects, ["arc", "noise"], is_train, 13)
    chosen = is_train if split == "train" else ~is_train
    # Two unit normals 2.5 apart have an AUC of Phi(2.5 / sqrt 2) = 0.961.
    assert 0.9 < roc_auc_score(objects.label[chosen], scores[chosen]) < 0.99


def test_labels_outside_the_train_split_change_nothing():
    objects, is_train = made_up_objects()
    other = Objects(objects.label ^ ~is_train, objects.cluster, objects.features)
    names = ["arc", "noise"]
    np.testing.assert_array_equal(
        baseline_scores(objects, names, is_train, 13), baseline_scores(other, names, is_train, 13)
    )


def test_scores_of_a_train_brick_are_not_learned_from_it():
    """A feature that names the brick: seen, it would give the brick's own share of lenses."""
    objects, is_train = made_up_objects()
    scores = baseline_scores(objects, ["mark"], is_train, 13)
    bricks = np.unique(objects.cluster[is_train])
    share = np.array([objects.label[objects.cluster == brick].mean() for brick in bricks])
    given = np.array([scores[objects.cluster == brick].mean() for brick in bricks])
    # Learned from the brick itself, they would be its share to 1e-3.
    assert np.abs(given - share).mean() > 0.05


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (lambda objects, is_train: is_train & ~objects.label, "0 lenses"),
        (lambda objects, is_train: objects.cluster == 3, "two bricks"),
    ],
)
def test_train_split_that_cannot_be_learned_from_is_refused(chosen, message):
    objects, is_train = made_up_objects()
    with pytest.raises(ValueError, match=message):
        baseline_scores(objects, ["arc"], chosen(objects, is_train), 13)
