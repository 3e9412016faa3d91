"""The AUC against scikit-learn, and its bootstrap against what it should do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from udfs.statistics.roc import auc_with_resamples, cluster_multiplicities


@settings(deadline=None)  # the first example compiles
@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=80).filter(
        lambda rows: len({label for _, label in rows}) == 2
    )
)
def test_auc_is_that_of_scikit_learn_with_ties(rows):
    values = np.array([float(value) for value, _ in rows])
    labels = np.array([label for _, label in rows])
    auc, _ = auc_with_resamples(values, labels, np.zeros(len(rows), int), np.ones((1, 1)))
    assert auc == pytest.approx(roc_auc_score(labels, values), abs=1e-12)


def test_resample_is_the_auc_of_the_clusters_repeated():
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 9, 300)
    labels = rng.random(300) < 0.3
    values = rng.normal(size=300) + labels
    multiplicities = cluster_multiplicities(9, 20, seed=13)
    assert (multiplicities.sum(axis=1) == 9).all()
    _, resampled = auc_with_resamples(values, labels, clusters, multiplicities)
    for counts, auc in zip(multiplicities, resampled, strict=True):
        repeat = counts[clusters].astype(int)
        expected = roc_auc_score(np.repeat(labels, repeat), np.repeat(values, repeat))
        assert auc == pytest.approx(expected, abs=1e-12)


def test_interval_is_wider_when_a_cluster_shares_its_value():
    """Objects that share their value count as one: the spread follows the number of clusters."""
    rng = np.random.default_rng(2)
    clusters = np.repeat(np.arange(40), 50)
    labels = rng.random(2000) < 0.5
    labels_by_cluster = np.repeat(rng.random(40) < 0.5, 50)
    multiplicities = cluster_multiplicities(40, 200, seed=13)
    own = auc_with_resamples(rng.normal(size=2000), labels, clusters, multiplicities)[1]
    shared_values = np.repeat(rng.normal(size=40), 50)
    shared = auc_with_resamples(shared_values, labels_by_cluster, clusters, multiplicities)[1]
    assert shared.std() > 3 * own.std()


def test_values_that_are_missing_are_left_out():
    values = np.array([np.nan, 1.0, 2.0, np.nan])
    labels = np.array([True, False, True, False])
    auc, _ = auc_with_resamples(values, labels, np.zeros(4, int), np.ones((1, 1)))
    assert auc == 1.0


def test_auc_of_one_class_is_missing():
    auc, resampled = auc_with_resamples(
        np.arange(3.0), np.zeros(3, bool), np.zeros(3, int), np.ones((2, 1))
    )
    assert np.isnan(auc)
    assert np.isnan(resampled).all()
