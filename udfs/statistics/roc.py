"""Area under the ROC curve, and its bootstrap over clusters.

A cluster is objects that share conditions.
"""

import numpy as np
from numba import boolean, float64, int64

from udfs.jit import called_with, kernel


@called_with(lambda: [(float64[::1], boolean[::1], float64[::1])])
@kernel
def _weighted_auc(
    sorted_values: np.ndarray, sorted_labels: np.ndarray, sorted_weights: np.ndarray
) -> float:
    """Return the Mann-Whitney statistic of weighted, sorted samples.

    In ascending order of value; ties count half.
    """
    below = area = positives = 0.0
    start = 0
    while start < sorted_values.size:
        stop = start
        tied_positives = tied_negatives = 0.0
        while stop < sorted_values.size and sorted_values[stop] == sorted_values[start]:
            if sorted_labels[stop]:
                tied_positives += sorted_weights[stop]
            else:
                tied_negatives += sorted_weights[stop]
            stop += 1
        area += tied_positives * (below + 0.5 * tied_negatives)
        below += tied_negatives
        positives += tied_positives
        start = stop
    return area / (positives * below) if positives > 0 and below > 0 else np.nan


@called_with(lambda: [(float64[::1], boolean[::1], int64[::1], float64[:, ::1])])
@kernel
def _resampled_aucs(
    sorted_values: np.ndarray,
    sorted_labels: np.ndarray,
    sorted_clusters: np.ndarray,
    multiplicities: np.ndarray,
) -> np.ndarray:
    """Return the AUC of each resample.

    In it a cluster stands as often as its multiplicity says.
    """
    aucs = np.empty(multiplicities.shape[0])
    for i in range(multiplicities.shape[0]):
        aucs[i] = _weighted_auc(sorted_values, sorted_labels, multiplicities[i][sorted_clusters])
    return aucs


def cluster_multiplicities(n_clusters: int, n_resamples: int, seed: int) -> np.ndarray:
    """Draw how often each cluster is in a resample.

    As many as there are are drawn with replacement.

    Parameters
    ----------
    n_clusters, n_resamples, seed : int

    Returns
    -------
    (n_resamples, n_clusters) float64
    """
    generator = np.random.Generator(np.random.Philox(seed))
    shares = np.full(n_clusters, 1.0 / n_clusters)
    return generator.multinomial(n_clusters, shares, size=n_resamples).astype(np.float64)


def auc_with_resamples(
    values: np.ndarray, labels: np.ndarray, clusters: np.ndarray, multiplicities: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the AUC of a feature, and of its resamples over clusters.

    Parameters
    ----------
    values : (n,) float
        Objects where it is not finite are left out.
    labels : (n,) bool
        True for the class that high values should mean.
    clusters : (n,) int
        Number of each object's cluster, a column of `multiplicities`.
    multiplicities : (n_resamples, n_clusters) float

    Returns
    -------
    float
        0.5 for a feature that tells nothing, below it for one that is lower in the positives; NaN
        when a class is empty.
    (n_resamples,) float
    """
    is_finite = np.isfinite(values)
    order = np.argsort(values[is_finite], kind="stable")
    sorted_values = np.ascontiguousarray(values[is_finite][order], dtype=np.float64)
    sorted_labels = np.ascontiguousarray(labels[is_finite][order], dtype=np.bool_)
    sorted_clusters = np.ascontiguousarray(clusters[is_finite][order], dtype=np.int64)
    auc = _weighted_auc(sorted_values, sorted_labels, np.ones(sorted_values.size))
    return auc, _resampled_aucs(sorted_values, sorted_labels, sorted_clusters, multiplicities)
