"""Suites of the stage `coadds`: which pixels are cached, what can run."""

from expectations.seeds import reason_codes
from expectations.suite import (
    Suite,
    always,
    among,
    equal,
    holds,
    no_rows,
    present,
    same_rows,
)
from expectations.suites.rules import brick_name, reasoned
from store.project import Settings

FITS_BLOCK_BYTES = 2880
PRODUCTS = ("image", "invvar", "maskbits", "psfsize")
# The survey lacks a brick when it was answered so for every file, by a server that has others.
LACKED_BRICKS = (
    "select brickname from coadd_files group by brickname"
    " having bool_and(is_absent) and (select bool_or(is_ok) from coadd_files)"
)
RUNNABLE = "select brickname from coadd_bricks where is_cached and not is_blacklisted"


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (_coadd_files(settings), _brick_blacklist(), _coadd_bricks(), _runnable_tasks(settings))


def _coadd_files(settings: Settings) -> Suite:
    return Suite(
        table="coadd_files",
        grain="One row per coadd file that was tried.",
        key=("file_name",),
        columns=("brickname", "coadd_product", "band", "n_bytes", "sha256", "source"),
        checks=(
            brick_name(),
            among("coadd_product", PRODUCTS),
            among("band", settings["bands"], when="coadd_product <> 'maskbits'"),
            *present("is_ok", "is_absent"),
            *reasoned("is_ok", reason_codes()),
            always(
                "file_is_whole_fits_blocks",
                f"n_bytes > 0 and n_bytes % {FITS_BLOCK_BYTES} = 0",
                when="is_ok",
                column="n_bytes",
            ),
            always("what_is_absent_is_not_here", "not (is_ok and is_absent)"),
            no_rows(
                "every_brick_was_asked_for_every_image",
                "select brickname from {batch} group by brickname"
                " having count(distinct band) filter (where coadd_product = 'image')"
                f" < {len(settings['bands'])}",
            ),
        ),
    )


def _brick_blacklist() -> Suite:
    return Suite(
        table="brick_blacklist",
        grain="One row per brick that the survey does not have.",
        key=("brickname",),
        columns=("reason_code", "evidence", "n_absent_files"),
        checks=(
            brick_name(),
            among("reason_code", ("missing_brick",)),
            always("evidence_is_given", "len(evidence) > 0 and n_absent_files > 0"),
            same_rows("bricks_are_those_without_a_file", "brickname", LACKED_BRICKS),
            holds(
                "files_were_tried",
                "(select count(*) from coadd_files) > 0 and (select count(*) >= 0 from {batch})",
                why="No brick is missing as long as none was asked for.",
            ),
        ),
        empty_unless=LACKED_BRICKS,
    )


def _coadd_bricks() -> Suite:
    return Suite(
        table="coadd_bricks",
        grain="One row per brick that has tasks or was fetched.",
        key=("brickname",),
        columns=("is_complete", "is_cached", "is_blacklisted", "n_tasks", "n_runnable_tasks"),
        checks=(
            brick_name(),
            *present("is_complete", "is_cached", "is_blacklisted"),
            *reasoned("is_complete", reason_codes()),
            always("complete_brick_has_every_file", "n_files_ok = n_files", when="is_complete"),
            always("complete_brick_is_cached", "not is_complete or is_cached"),
            always(
                "cached_brick_has_pixels",
                "n_files_ok + n_files_absent = n_files and len(bands_with_image) > 0",
                when="is_cached",
            ),
            always("blacklisted_brick_is_not_cached", "not (is_blacklisted and is_cached)"),
            always(
                "tasks_run_where_pixels_are",
                "n_runnable_tasks = if(is_cached and not is_blacklisted, n_tasks, 0)",
            ),
            equal(
                "every_task_is_counted",
                "select sum(n_tasks)::bigint from {batch}",
                "select count(*) from injection_tasks",
            ),
            no_rows(
                "blacklist_is_marked",
                "select brickname from {batch} full join brick_blacklist as listed using (brickname)"
                " where is_blacklisted is distinct from (listed.reason_code is not null)",
            ),
            equal(
                "every_file_is_counted",
                "select sum(n_files)::bigint from {batch}",
                "select count(*) from coadd_files",
            ),
        ),
    )


def _runnable_tasks(settings: Settings) -> Suite:
    fraction = settings["min_runnable_task_fraction"][settings["survey_size"]]
    return Suite(
        table="runnable_tasks",
        grain="One row per task whose brick is in the cache and not blacklisted.",
        key=("task_id",),
        columns=("render_id", "brickname", "is_control"),
        checks=(
            same_rows(
                "tasks_are_those_on_cached_bricks",
                "task_id",
                f"select task_id from injection_tasks where brickname in ({RUNNABLE})",
            ),
            equal(
                "every_task_of_a_brick_is_counted",
                "select count(*) from {batch}",
                "select sum(n_runnable_tasks)::bigint from coadd_bricks",
            ),
            no_rows(
                "every_column_of_the_tasks_is_there",
                "select column_name from (describe injection_tasks)"
                " where column_name not in (select column_name from (describe {batch}))",
            ),
            holds(
                "most_tasks_can_run",
                "(select count(*) from {batch})"
                f" >= {fraction} * (select count(*) from injection_tasks)",
                why=f"At least {fraction} of the tasks.",
            ),
            no_rows(
                "every_experiment_keeps_injections_and_controls",
                "select experiment_id from experiments left join {batch} as tasks"
                " using (experiment_id) group by experiment_id having count(distinct is_control) < 2",
            ),
        ),
    )
