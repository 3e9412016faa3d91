"""The part files with the current stamps; its materialization registers them in place."""

from typing import Any

from duckdb import DuckDBPyConnection

from injection.part_files import stamps_path
from store.lake import parts_root


def model(dbt: Any, session: DuckDBPyConnection) -> list[str]:
    dbt.config(materialized="registered_files")
    injections = dbt.ref("injections")
    with_stamps = injections.filter("cutout_ok and not metrics_only")
    parts = with_stamps.project("part_id, experiment_id").distinct().fetchall()
    folder = parts_root()
    return [str(stamps_path(folder, part_id, experiment)) for part_id, experiment in parts]
