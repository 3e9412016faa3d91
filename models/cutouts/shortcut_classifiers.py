"""AUC of classifiers on groups of features, on bricks that they have not seen."""

from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from udfs.cutouts.features import FEATURES
from udfs.cutouts.shortcut_tables import (
    HOST_FEATURES,
    Kind,
    Repeats,
    classifier_table,
    kind_of,
    objects_from_columns,
)
from udfs.cutouts.shortcuts import Objects


def sham_objects(sham: DuckDBPyRelation, untouched: DuckDBPyRelation) -> Objects | None:
    """Return hosts after (True) and before (False) the sham, if there are any."""
    after, before = sham.fetchnumpy(), untouched.fetchnumpy()
    if not len(after["galaxy_id"]):
        return None
    columns = {
        name: np.ma.concatenate([after[name], before[name]])  # type: ignore[no-untyped-call]
        for name in ("brickname", *FEATURES)
    }
    columns["is_sham"] = np.repeat([True, False], len(after["galaxy_id"]))
    return objects_from_columns(columns, "is_sham", "brickname", FEATURES)


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:
    dbt.config(materialized="table")
    kinds = {
        feature: Kind(kind, is_expected)
        for feature, kind, is_expected in dbt.ref("feature_kinds")
        .project("feature, kind, is_expected")
        .fetchall()
    }
    columns = dbt.ref("shortcut_objects").order("galaxy_id").fetchnumpy()
    names = [name for name in columns if kind_of(name, kinds) or name in HOST_FEATURES]
    objects = objects_from_columns(columns, "is_lens", "brickname", names)
    features = dbt.ref("cutout_features")
    pairs = (
        dbt.ref("sham_features")
        .set_alias("sham")
        .join(features.project("galaxy_id, brickname").set_alias("bricks"), "galaxy_id")
    )
    keys = dbt.ref("sham_features").project("galaxy_id")
    untouched = features.set_alias("features").join(keys.set_alias("sham"), "galaxy_id")
    choices = dbt.config.meta_get("choices")
    tests = Repeats(
        int(choices["shortcut_resamples"]), int(choices["shortcut_shuffles"]), int(choices["seed"])
    )
    sham = sham_objects(pairs.order("galaxy_id"), untouched.order("galaxy_id"))
    return classifier_table(objects, sham, kinds, tests)
