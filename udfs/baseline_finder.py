"""A small finder on features of cutouts: the loop from pixels to scores without a network.

It learns on the train split from the features in which arcs were declared to show. Its use is to
exercise the stage, to be the number that a network has to beat, and to mark negatives that look
like lenses; it is no substitute for a network.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from udfs.shortcuts import Objects


def baseline_scores(
    objects: Objects, names: Sequence[str], is_train: np.ndarray, seed: int
) -> np.ndarray:
    """Score of every object, from 0 to 1, by a classifier that learned on some of them.

    Parameters
    ----------
    objects : Objects
    names : features to learn from
    is_train : (n,) bool
        Objects to learn on.
    seed : int

    Returns
    -------
    (n,) float

    Raises
    ------
    ValueError
        When the objects to learn on are all of one class.
    """
    label = objects.label[is_train]
    if label.all() or not label.any():
        raise ValueError(f"the train split has {label.sum()} lenses among {label.size} objects")
    matrix = objects.matrix(names)
    classifier = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=seed)
    with threadpool_limits(1):
        classifier.fit(matrix[is_train], label)
        return classifier.predict_proba(matrix)[:, 1]
