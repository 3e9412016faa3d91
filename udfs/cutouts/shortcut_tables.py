"""Shortcut tests as tables: a row per feature, and one per group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from udfs.cutouts.features import FEATURES
from udfs.cutouts.shortcuts import (
    Auc,
    ClassifierScore,
    Objects,
    classifier_score,
    feature_aucs,
    matched_negatives,
)

BAND_SUFFIXES = ("_g", "_r", "_z")
HOST_FEATURES = ("zmag", "gr", "rz", "shape_r")  # in which matched negatives are like the lenses
MATCHED_NEGATIVES = 3  # per lens
CORE_ONLY = ("inner4_brightness", "inner4_max", "inner4_std")  # within 1 arcsec
BORDER_ONLY = "frame_"


@dataclass(frozen=True)
class Kind:
    """What a feature is, declared before it is looked at.

    Parameters
    ----------
    kind : str
        nuisance, core, sky, host or physics.
    is_expected : bool
        Whether arcs should show in it.
    """

    kind: str
    is_expected: bool


@dataclass(frozen=True)
class Repeats:
    """How many times the tests are repeated, and their seed."""

    n_resamples: int
    n_shuffles: int
    seed: int


def objects_from_columns(
    columns: Mapping[str, np.ndarray], label: str, cluster: str, names: Sequence[str]
) -> Objects:
    """Build objects from the columns of a table.

    Parameters
    ----------
    columns : mapping of name to (n,) array
        Masked where null.
    label, cluster : names of the columns with the label and with the brick
    names : features to take

    Returns
    -------
    Objects

    Raises
    ------
    ValueError
        When a class is empty.
    """
    labels = np.asarray(columns[label], bool)
    if labels.all() or not labels.any():
        raise ValueError(
            f"shortcut tests need both classes: {labels.sum()} of {labels.size} are lenses"
        )
    _, clusters = np.unique(np.asarray(columns[cluster], str), return_inverse=True)
    features = {
        name: np.ma.filled(np.ma.asarray(columns[name]).astype(np.float64), np.nan)
        for name in names
    }
    return Objects(labels, clusters, features)


def kind_of(name: str, kinds: Mapping[str, Kind]) -> Kind | None:
    """Return the kind of a feature; None for what is no feature.

    It is declared for itself or for all bands.
    """
    stem = name[:-2] if name.endswith(BAND_SUFFIXES) else name
    return kinds.get(name) or kinds.get(stem)


def feature_table(
    objects: Objects,
    kinds: Mapping[str, Kind],
    thresholds: tuple[float, float],
    tests: Repeats,
) -> pa.Table:
    """Return the AUC of every feature alone.

    Parameters
    ----------
    objects : Objects
    kinds : mapping of feature to Kind
    thresholds : (float, float)
        Lower ends of the interval above which a feature is yellow, and red.
    tests : Repeats

    Returns
    -------
    pyarrow.Table
        One row per feature; `verdict` is green, yellow, red, or unmeasured where a class has no
        value of it.
    """
    names = sorted(objects.features)
    aucs = feature_aucs(objects, names, tests.n_resamples, tests.seed)
    return pa.Table.from_pylist(
        [_feature_row(objects, name, aucs[name], kinds, thresholds) for name in names]
    )


def _feature_row(
    objects: Objects,
    name: str,
    auc: Auc,
    kinds: Mapping[str, Kind],
    thresholds: tuple[float, float],
) -> dict[str, Any]:
    declared = kind_of(name, kinds)
    if declared is None:
        raise ValueError(f"feature {name} is in no row of the seed feature_kinds")
    is_measured = np.isfinite(objects.features[name])
    return {
        "feature": name,
        "kind": declared.kind,
        "is_expected": declared.is_expected,
        "n_positives": int((is_measured & objects.label).sum()),
        "n_negatives": int((is_measured & ~objects.label).sum()),
        "auc": _null(auc.auc),
        "auc_low": _null(auc.low),
        "auc_high": _null(auc.high),
        "auc_folded": _null(auc.folded),
        "auc_folded_low": _null(auc.folded_low if np.isfinite(auc.low) else np.nan),
        "verdict": _verdict(auc, thresholds),
    }


def _null(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _verdict(auc: Auc, thresholds: tuple[float, float]) -> str:
    if not np.isfinite(auc.auc) or not np.isfinite(auc.low):
        return "unmeasured"
    yellow, red = thresholds
    if auc.folded_low > red:
        return "red"
    return "yellow" if auc.folded_low > yellow else "green"


def classifier_table(
    objects: Objects, sham: Objects | None, kinds: Mapping[str, Kind], tests: Repeats
) -> pa.Table:
    """Return what classifiers on groups of features reach.

    On unseen bricks.

    Parameters
    ----------
    objects : Objects
    sham : Objects or None
        Hosts before (False) and after (True) an injection of no light, if there are any.
    kinds : mapping of feature to Kind
    tests : Repeats

    Returns
    -------
    pyarrow.Table
        One row per classifier: nuisance, border_only, core_only, core_only_matched, hosts (by the
        catalogue alone: what kind of galaxy) and sham.
    """
    nuisances = [
        name
        for name in objects.features
        if (declared := kind_of(name, kinds)) and declared.kind == "nuisance"
    ]
    core = [name for name in objects.features if name.startswith(CORE_ONLY)]
    border = [name for name in objects.features if name.startswith(BORDER_ONLY)]
    matched = objects.subset(matched_negatives(objects, HOST_FEATURES, MATCHED_NEGATIVES))
    rows = [
        _classifier_row("nuisance", objects, nuisances, tests),
        _classifier_row("border_only", objects, border, tests),
        _classifier_row("core_only", objects, core, tests),
        _classifier_row("core_only_matched", matched, core, tests),
        _classifier_row("hosts", objects, HOST_FEATURES, tests),
    ]
    if sham is not None:
        rows.append(_classifier_row("sham", sham, list(FEATURES), tests))
    return pa.Table.from_pylist(rows)


def _classifier_row(
    name: str, objects: Objects, features: Sequence[str], tests: Repeats
) -> dict[str, Any]:
    varying = [feature for feature in features if np.nanstd(objects.features[feature]) > 0]
    score: ClassifierScore = classifier_score(
        objects, varying, tests.n_resamples, tests.n_shuffles, tests.seed
    )
    return {
        "classifier": name,
        "n_positives": int(objects.label.sum()),
        "n_negatives": int((~objects.label).sum()),
        "n_bricks": len(np.unique(objects.cluster)),
        "n_features": len(varying),
        "auc": score.auc.auc,
        "auc_low": score.auc.low,
        "auc_high": score.auc.high,
        "null_low": score.null_low,
        "null_high": score.null_high,
        "top_features": list(score.top_features),
    }
