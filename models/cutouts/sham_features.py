"""Features of hosts after an injection of no light, measured as those of the cutouts."""

from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from injection.settings import settings_from_vars
from injection.sham import sham_comparison
from store.lake import coadd_root


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:
    dbt.config(materialized="table")
    dbt.ref("cutout_features")  # the suite compares with them, so they come first
    renders = dbt.ref("sham_renders").order("brickname, galaxy_id").pl()
    pixels = dbt.source("cutout_files", "cutout_pixels")
    chosen = renders.select("galaxy_id")
    session.register("sham_objects", chosen.to_arrow())
    rows = pixels.set_alias("pixels").join(
        session.table("sham_objects").set_alias("chosen"), "galaxy_id"
    )
    untouched = {
        galaxy_id: np.array(values, np.float32)
        for galaxy_id, values in rows.project("galaxy_id, pixels").fetchall()
    }
    choices = dbt.config.meta_get("choices")
    settings = settings_from_vars(choices, str(coadd_root()))
    return sham_comparison(renders, untouched, settings, int(choices["cutout_size_pix"]))
