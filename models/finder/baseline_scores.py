"""Scores of the baseline finder for every usable cutout."""

from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from udfs.cutouts.baseline_finder import baseline_scores
from udfs.cutouts.shortcut_tables import objects_from_columns


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:
    dbt.config(materialized="table")
    expected = dbt.ref("shortcut_scores").filter("is_expected").order("feature")
    names = [name for (name,) in expected.project("feature").fetchall()]
    columns = dbt.ref("cutout_features").filter("quality_ok").order("galaxy_id").fetchnumpy()
    objects = objects_from_columns(columns, "is_lens", "brickname", names)
    is_train = np.asarray(columns["split"] == "train", bool)
    choices = dbt.config.meta_get("choices")
    return pa.table(
        {
            "galaxy_id": np.asarray(columns["galaxy_id"], str),
            "finder": ["baseline"] * len(is_train),
            "score": baseline_scores(objects, names, is_train, int(choices["seed"])),
        }
    )
