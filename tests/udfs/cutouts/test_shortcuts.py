"""The classifiers behind the shortcut tests, on features whose answer is known."""

import numpy as np
import pytest

from udfs.cutouts.shortcuts import (
    Objects,
    classifier_score,
    feature_aucs,
    matched_negatives,
    out_of_fold_scores,
    shuffled_within,
)

N, N_BRICKS = 1200, 20


def made_up_objects(seed=1, **features):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, N_BRICKS, N)
    label = rng.random(N) < 0.25
    noise = {"noise_1": rng.normal(size=N), "noise_2": rng.normal(size=N)}
    return Objects(
        label, cluster, noise | {name: make(rng, label, cluster) for name, make in features.items()}
    )


def test_features_that_tell_nothing_stay_within_what_chance_gives():
    score = classifier_score(made_up_objects(), ["noise_1", "noise_2"], 50, 10, 13)
    # The AUC of 300 against 900 chance labels scatters by 0.019; five times that.
    assert abs(score.auc.auc - 0.5) < 0.1
    assert score.null_low < 0.5 < score.null_high


def test_combination_is_found_where_no_feature_alone_tells_anything():
    """Like signs in the lenses, unlike ones in the rest: each feature has an AUC of 0.5."""
    signs = {}

    def first(rng, label, cluster):
        signs["first"] = rng.normal(size=N)
        return signs["first"]

    def second(rng, label, cluster):
        return np.where(label, 1, -1) * np.sign(signs["first"]) * abs(rng.normal(size=N))

    objects = made_up_objects(first=first, second=second)
    alone = feature_aucs(objects, ["first", "second"], 100, 13)
    assert max(auc.folded_low for auc in alone.values()) < 0.55
    assert classifier_score(objects, ["first", "second"], 50, 2, 13).auc.auc > 0.8


def test_what_is_true_of_a_brick_alone_is_not_learned():
    """A feature that numbers the bricks, whose shares of lenses differ, tells nothing about new ones."""
    rng = np.random.default_rng(4)
    cluster = rng.integers(0, 40, 4000)
    label = rng.random(4000) < rng.uniform(0.1, 0.9, 40)[cluster]
    brick_mark = rng.permutation(40)[cluster].astype(float)
    scores = out_of_fold_scores(brick_mark[:, None], label, cluster, 13)
    pairs = [
        scores[label & (cluster == c)].mean() - scores[~label & (cluster == c)].mean()
        for c in range(40)
    ]
    assert max(np.abs(pairs)) < 1e-12, "within a brick every object has the same score"


def test_shuffling_keeps_the_number_of_lenses_in_every_brick():
    objects = made_up_objects()
    shuffled = shuffled_within(objects.label, objects.cluster, np.random.default_rng(5))
    counts = np.bincount(objects.cluster, objects.label)
    np.testing.assert_array_equal(np.bincount(objects.cluster, shuffled), counts)
    assert (shuffled != objects.label).any()


def test_missing_values_are_no_error():
    def half_missing(rng, label, cluster):
        return np.where(rng.random(N) < 0.5, np.nan, rng.normal(size=N) + 3 * label)

    score = classifier_score(made_up_objects(half=half_missing), ["half", "noise_1"], 50, 1, 13)
    assert score.auc.auc > 0.7
    assert score.top_features[0] == "half"


def test_same_seed_gives_the_same_score():
    objects = made_up_objects()
    names = ["noise_1", "noise_2"]
    assert classifier_score(objects, names, 20, 1, 7) == classifier_score(objects, names, 20, 1, 7)


def test_matched_negatives_are_the_nearest_of_each_lens():
    objects = made_up_objects()
    chosen = matched_negatives(objects, ["noise_1"], 1)
    values = objects.features["noise_1"]
    negatives = np.flatnonzero(~objects.label)
    nearest = {
        negatives[abs(values[negatives] - values[i]).argmin()]
        for i in np.flatnonzero(objects.label)
    }
    assert set(chosen) == nearest | set(np.flatnonzero(objects.label))


def test_one_brick_is_refused():
    with pytest.raises(ValueError, match="two bricks"):
        out_of_fold_scores(np.zeros((4, 1)), np.array([True, False] * 2), np.zeros(4, int), 1)
