"""A small finder on features of cutouts.

The loop from pixels to scores without a network.

It learns from the features in which arcs were declared to show. Its use is to exercise the stage,
to be the number that a network has to beat, and to mark negatives that look like lenses; it is no
substitute for a network.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from udfs.cutouts.shortcuts import N_FOLDS, Objects


def baseline_scores(
    objects: Objects, names: Sequence[str], is_train: np.ndarray, seed: int
) -> np.ndarray:
    """Score every object from 0 to 1 by a classifier that did not see it.

    Objects to learn on are scored in folds of whole bricks, so that their scores too are of bricks
    not seen, and can mark suspects among them.

    Parameters
    ----------
    objects : Objects
    names : features to learn from
    is_train : (n,) bool
        Objects to learn on.
    seed : of the folds and of the classifiers

    Returns
    -------
    (n,) float

    Raises
    ------
    ValueError
        When the objects to learn on are all of one class or of one brick.
    """
    _refuse_unfit(objects, is_train)
    matrix = objects.matrix(names)
    train, others = np.flatnonzero(is_train), np.flatnonzero(~is_train)
    cluster, label = objects.cluster[train], objects.label[train]
    folds = StratifiedGroupKFold(
        min(N_FOLDS, len(np.unique(cluster))), shuffle=True, random_state=seed
    )
    scores = np.empty(len(matrix))
    with threadpool_limits(1):  # a fit takes milliseconds: threads would wait for each other
        for learned, held_out in folds.split(matrix[train], label, cluster):
            scores[train[held_out]] = _scores(
                matrix, objects.label, train[learned], train[held_out], seed
            )
        if others.size:
            scores[others] = _scores(matrix, objects.label, train, others, seed)
    return scores


def _refuse_unfit(objects: Objects, is_train: np.ndarray) -> None:
    label = objects.label[is_train]
    if label.all() or not label.any():
        raise ValueError(f"the train split has {label.sum()} lenses among {label.size} objects")
    if len(np.unique(objects.cluster[is_train])) < 2:
        raise ValueError("the train split needs objects of at least two bricks")


def _scores(
    matrix: np.ndarray, label: np.ndarray, learned: np.ndarray, scored: np.ndarray, seed: int
) -> np.ndarray:
    classifier = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=seed)
    classifier.fit(matrix[learned], label[learned])
    return classifier.predict_proba(matrix[scored])[:, 1]
