"""Every runnable task with what was injected and measured; the pixels go to part files beside."""

from injection.runs import record_run
from injection.settings import settings_from_vars
from injection.stage import check_result, rows_query, run_stage
from store.failures import without_traceback
from store.lake import coadd_root, parts_root


def model(dbt, session):
    dbt.config(materialized="table")
    dbt.ref("injection_renders")
    dbt.ref("runnable_tasks")
    choices = dbt.config.meta_get("choices")
    here = f'"{dbt.this.database}"."{dbt.this.schema}"'
    settings = settings_from_vars(choices, str(coadd_root()))
    tasks = f"{here}.runnable_tasks"
    with without_traceback(parts_root()):
        done = run_stage(session, f"{here}.injection_renders", settings, parts_root())
        query = rows_query(tasks, done.rows)
        check_result(session.cursor(), tasks, query)
    record_run(session, done.new, done.workers, done.seconds)
    return session.query(query)
