"""What breaks the suites of `coadds`."""

CHANGES = {
    "coadd_files": {
        "reason_where_not_ok": "reason_code = null where not is_ok",
        "reason_code_is_known": "reason_code = 'because' where not is_ok",
        "what_is_absent_is_not_here": "is_absent = true where is_ok",
        "every_brick_was_asked_for_every_image": (
            "delete from coadd_files where file_name = 'legacysurvey-0102p002-image-g'"
        ),
    },
    "brick_blacklist": {
        "evidence_is_given": "evidence = ''",
        "bricks_are_those_without_a_file": "brickname = '1002p005'",
        "files_were_tried": ("delete from coadd_files", "bricks_are_those_without_a_file"),
        "has_rows_where_called_for": (
            "delete from brick_blacklist",
            "bricks_are_those_without_a_file",
        ),
    },
    "coadd_bricks": {
        "reason_where_not_ok": "reason_code = null where not is_complete",
        "reason_code_is_known": "reason_code = 'because' where not is_complete",
        "complete_brick_has_every_file": (
            "n_files_ok = n_files_ok - 1, n_files_absent = 1 where brickname = '0102p002'"
        ),
        "complete_brick_is_cached": (
            "is_cached = false, n_runnable_tasks = 0 where brickname = '0102p002'"
        ),
        "cached_brick_has_pixels": "bands_with_image = [] where brickname = '0102p002'",
        "blacklisted_brick_is_not_cached": (
            "is_cached = true, bands_with_image = ['g'] where is_blacklisted"
        ),
        "tasks_run_where_pixels_are": "n_runnable_tasks = 0 where brickname = '0102p002'",
        "every_task_is_counted": (
            "n_tasks = n_tasks + 1, n_runnable_tasks = n_tasks + 1 where brickname = '0102p002'"
        ),
        "blacklist_is_marked": "is_blacklisted = false where is_blacklisted",
        "every_file_is_counted": (
            "n_files = n_files + 1, n_files_absent = n_files_absent + 1"
            " where brickname = '1002p005'"
        ),
    },
    "runnable_tasks": {
        "tasks_are_those_on_cached_bricks": (
            "task_id = 'x' where task_id = (select min(task_id) from runnable_tasks)"
        ),
        "every_task_of_a_brick_is_counted": (
            "delete from runnable_tasks where task_id = (select min(task_id) from runnable_tasks)",
            "tasks_are_those_on_cached_bricks",
        ),
        "every_column_of_the_tasks_is_there": "alter table runnable_tasks drop column src_gr",
        "most_tasks_can_run": (
            "delete from runnable_tasks where not is_control and tier = 'grid'",
            "tasks_are_those_on_cached_bricks",
            "every_task_of_a_brick_is_counted",
            "every_experiment_keeps_injections_and_controls",
        ),
        "every_experiment_keeps_injections_and_controls": (
            "is_control = false where experiment_id = 'grid_stamp64_bandsgrz_gridgrid_small'"
        ),
    },
}
