"""Whether the label can be told from anything that is not the arc.

Feature by feature, and all at once.

A feature is judged by its AUC with an interval from a bootstrap over bricks, whose objects share
their conditions. A group of features is judged by classifiers that are scored on bricks which they
have not seen, against what the same classifiers reach when the labels are shuffled within bricks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from udfs.statistics.roc import auc_with_resamples, cluster_multiplicities

INTERVAL = (0.025, 0.975)
N_FOLDS = 5
N_CLASSIFIERS = 2
QUANTILES = 100  # of the rank transform before the logistic regression


@dataclass(frozen=True)
class Objects:
    """Labelled objects with their features.

    Parameters
    ----------
    label : (n,) bool
        True for lenses.
    cluster : (n,) int
        Number of the brick, from 0.
    features : mapping of name to (n,) float
        NaN where a feature is missing.
    """

    label: np.ndarray
    cluster: np.ndarray
    features: Mapping[str, np.ndarray]

    def matrix(self, names: Sequence[str]) -> np.ndarray:
        """Put features side by side.

        Returns
        -------
        (n, number of names) float64
        """
        return np.column_stack([np.asarray(self.features[name], np.float64) for name in names])

    def subset(self, chosen: np.ndarray) -> "Objects":
        """Take some of the objects; clusters are numbered anew.

        Parameters
        ----------
        chosen : (m,) int or (n,) bool
        """
        _, cluster = np.unique(self.cluster[chosen], return_inverse=True)
        features = {name: values[chosen] for name, values in self.features.items()}
        return Objects(self.label[chosen], cluster, features)


@dataclass(frozen=True)
class Auc:
    """An AUC with its 95 % interval, above 0.5 for higher values in lenses."""

    auc: float
    low: float
    high: float

    @property
    def folded(self) -> float:
        """Return the distance from ignorance on either side, 0.5 to 1."""
        return max(self.auc, 1.0 - self.auc)

    @property
    def folded_low(self) -> float:
        """Return the interval's end that is nearer to ignorance, folded.

        0.5 when it includes it.
        """
        return max(self.low, 1.0 - self.high, 0.5)


def feature_aucs(
    objects: Objects, names: Sequence[str], n_resamples: int, seed: int
) -> dict[str, Auc]:
    """Return the AUC of every feature alone, with its interval.

    Parameters
    ----------
    objects : Objects
    names : features to judge
    n_resamples : of the bootstrap over clusters
    seed : of the bootstrap

    Returns
    -------
    dict of name to Auc
        NaN throughout for a feature that is missing in a whole class.
    """
    multiplicities = cluster_multiplicities(int(objects.cluster.max()) + 1, n_resamples, seed)
    return {name: _feature_auc(objects, name, multiplicities) for name in names}


def _feature_auc(objects: Objects, name: str, multiplicities: np.ndarray) -> Auc:
    values = np.asarray(objects.features[name], np.float64)
    auc, resampled = auc_with_resamples(values, objects.label, objects.cluster, multiplicities)
    return Auc(auc, *_interval(resampled))


def _interval(resampled: np.ndarray) -> tuple[float, float]:
    if not np.isfinite(resampled).any():
        return np.nan, np.nan
    low, high = np.nanquantile(resampled, INTERVAL)
    return float(low), float(high)


@dataclass(frozen=True)
class ClassifierScore:
    """What a classifier reaches on bricks it has not seen.

    Parameters
    ----------
    auc : Auc
        Interval from the bootstrap over bricks.
    null_low, null_high : float
        Range of the AUC when labels are shuffled within bricks.
    top_features : names whose permutation costs most, the first costs most
    """

    auc: Auc
    null_low: float
    null_high: float
    top_features: tuple[str, ...]


def classifiers(n_objects: int, seed: int) -> tuple[Pipeline | HistGradientBoostingClassifier, ...]:
    """Make the two classifiers that are tried.

    A linear one on ranks, and one that finds combinations.
    """
    ranks = QuantileTransformer(
        n_quantiles=min(QUANTILES, n_objects), output_distribution="normal", random_state=seed
    )
    linear = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        ranks,
        StandardScaler(),
        LogisticRegression(max_iter=500, class_weight="balanced"),
    )
    boosted = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, min_samples_leaf=20, random_state=seed
    )
    return linear, boosted


def out_of_fold_scores(
    matrix: np.ndarray, label: np.ndarray, cluster: np.ndarray, seed: int
) -> np.ndarray:
    """Score objects by classifiers that saw none of their brick.

    Parameters
    ----------
    matrix : (n, n_features) float
    label : (n,) bool
    cluster : (n,) int
    seed : int

    Returns
    -------
    (n,) float
        Mean rank, from 0 to 1, over the classifiers.

    Raises
    ------
    ValueError
        With fewer than two clusters.
    """
    n_folds = min(N_FOLDS, len(np.unique(cluster)))
    if n_folds < 2:
        raise ValueError("a classifier needs objects of at least two bricks")
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    scores = np.zeros(len(label))
    with threadpool_limits(1):  # a fit takes milliseconds: threads would wait for each other
        for train, test in folds.split(matrix, label, cluster):
            for classifier in classifiers(len(train), seed):
                classifier.fit(matrix[train], label[train])
                # Scores of different folds and classifiers are comparable only by rank.
                scores[test] += _ranks(classifier.predict_proba(matrix[test])[:, 1])
    return scores / N_CLASSIFIERS


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 0 to 1; equal values share their middle."""
    distinct, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    del distinct
    middle = np.cumsum(counts) - (counts - 1) / 2
    return middle[inverse] / len(values)


def shuffled_within(
    label: np.ndarray, cluster: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Shuffle labels within each cluster.

    Every cluster keeps its number of lenses.

    Parameters
    ----------
    labels : (n,) bool
    clusters : (n,) int
    generator : numpy.random.Generator

    Returns
    -------
    (n,) bool
    """
    by_cluster = np.argsort(cluster, kind="stable")
    drawn = np.lexsort((generator.random(len(label)), cluster))
    shuffled = np.empty_like(label)
    shuffled[by_cluster] = label[drawn]
    return shuffled


def classifier_score(
    objects: Objects, names: Sequence[str], n_resamples: int, n_shuffles: int, seed: int
) -> ClassifierScore:
    """Measure how well features together tell the label.

    On unseen bricks, and what chance gives.

    Parameters
    ----------
    objects : Objects
    names : features to use
    n_resamples : of the bootstrap over clusters
    n_shuffles : runs with labels shuffled within clusters
    seed : of folds, classifiers, bootstrap and shuffles

    Returns
    -------
    ClassifierScore
    """
    matrix = objects.matrix(names)
    scores = out_of_fold_scores(matrix, objects.label, objects.cluster, seed)
    multiplicities = cluster_multiplicities(int(objects.cluster.max()) + 1, n_resamples, seed)
    auc, resampled = auc_with_resamples(scores, objects.label, objects.cluster, multiplicities)
    generator = np.random.Generator(np.random.Philox(seed))
    null = []
    for _ in range(n_shuffles):
        label = shuffled_within(objects.label, objects.cluster, generator)
        null.append(roc_auc_score(label, out_of_fold_scores(matrix, label, objects.cluster, seed)))
    top = _most_telling(objects, names, matrix, seed)
    return ClassifierScore(Auc(auc, *_interval(resampled)), min(null), max(null), top)


def _most_telling(
    objects: Objects, names: Sequence[str], matrix: np.ndarray, seed: int, n_top: int = 3
) -> tuple[str, ...]:
    """Name the features that the linear classifier leans on most."""
    linear = classifiers(len(matrix), seed)[0]
    linear.fit(matrix, objects.label)
    weight = np.abs(linear[-1].coef_[0])
    return tuple(names[i] for i in np.argsort(-weight)[:n_top])


def matched_negatives(objects: Objects, names: Sequence[str], n_per_positive: int) -> np.ndarray:
    """Pick for every lens the negatives most like it in some features.

    Parameters
    ----------
    objects : Objects
    names : features in which negatives should be alike
    n_per_positive : int

    Returns
    -------
    (m,) int
        Indices: all lenses, and each negative that is among the nearest of a lens.
    """
    matrix = StandardScaler().fit_transform(SimpleImputer().fit_transform(objects.matrix(names)))
    positives, negatives = np.flatnonzero(objects.label), np.flatnonzero(~objects.label)
    n_near = min(n_per_positive, len(negatives))
    near = (
        NearestNeighbors(n_neighbors=n_near)
        .fit(matrix[negatives])
        .kneighbors(matrix[positives], return_distance=False)
    )
    return np.sort(np.concatenate([positives, negatives[np.unique(near)]]))
