"""Measurements of each render, in part files that its materialization registers."""

from typing import Any

from duckdb import DuckDBPyConnection

from injection.runs import record_run
from injection.settings import settings_from_vars
from injection.stage import check_result, run_stage
from store.failures import without_traceback
from store.lake import coadd_root, parts_root


def model(dbt: Any, session: DuckDBPyConnection) -> list[str]:
    dbt.config(materialized="registered_files")
    dbt.ref("injection_renders")
    dbt.ref("runnable_tasks")
    choices = dbt.config.meta_get("choices")
    here = f'"{dbt.this.database}"."{dbt.this.schema}"'
    settings = settings_from_vars(choices, str(coadd_root()))
    with without_traceback(parts_root()):
        done = run_stage(session, f"{here}.injection_renders", settings, parts_root())
        check_result(session.cursor(), f"{here}.runnable_tasks", done.rows)
    record_run(session, done.new, done.workers, done.seconds)
    return [str(path) for path in done.rows]
