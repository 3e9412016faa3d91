"""AUC of every feature alone, with its interval from a bootstrap over bricks."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from udfs.cutouts.shortcut_tables import (
    Kind,
    Repeats,
    feature_table,
    kind_of,
    objects_from_columns,
)


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:
    dbt.config(materialized="table")
    kinds = {
        feature: Kind(kind, is_expected)
        for feature, kind, is_expected in dbt.ref("feature_kinds")
        .project("feature, kind, is_expected")
        .fetchall()
    }
    columns = dbt.ref("shortcut_objects").order("galaxy_id").fetchnumpy()
    names = [name for name in columns if kind_of(name, kinds)]
    objects = objects_from_columns(columns, "is_lens", "brickname", names)
    choices = dbt.config.meta_get("choices")
    thresholds = float(choices["shortcut_yellow_auc"]), float(choices["shortcut_red_auc"])
    tests = Repeats(int(choices["shortcut_resamples"]), 0, int(choices["seed"]))
    return feature_table(objects, kinds, thresholds, tests)
