"""The part files that hold the current stamps; its materialization registers them where they are."""

from injection.part_files import stamps_path
from store.lake import parts_root


def model(dbt, session):
    dbt.config(materialized="registered_files")
    injections = dbt.ref("injections")
    with_stamps = injections.filter("cutout_ok and not metrics_only")
    parts = with_stamps.project("part_id, experiment_id").distinct().fetchall()
    folder = parts_root()
    return [str(stamps_path(folder, part_id, experiment)) for part_id, experiment in parts]
