"""Suites of the steps of the stage `completeness`, up to its intervals.

The steps are compared by sums, so that each of tens of millions of tasks is looked at only once.
"""

from expectations.seeds import seed_rows
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    no_rows,
    present,
)
from expectations.suites.recovery import QUALITIES, RULE_KINDS, SOMETHING_VALID, outcome_lists

INTERVALS = ("wilson", "jeffreys")
CELL = ("cube", "experiment_number", "cell")
COUNTED = ("cube", "is_control", "experiment_number", "cell", "rule_number", "quality")
# Cubes that tell selection sets apart count tasks; the others count a render once.
WITH_SETS = "cube in ({})".format(
    ", ".join(
        f"'{cube}'"
        for cube in (
            "by_selection_set_id",
            *(
                r["cube"]
                for r in seed_rows("completeness_cubes")
                if r["axis"] == "selection_set_id"
            ),
        )
    )
)


def steps() -> tuple[Suite, ...]:
    """Return one suite per table, in the order in which they are made."""
    return (
        _completeness_bins(),
        _task_outcomes(),
        _completeness_signal(),
        _completeness_patterns(),
        _completeness_grid(),
        outcome_lists(),
        _completeness_counts(),
        _completeness_intervals(),
    )


def _axes(kind: str = "") -> list[str]:
    """Return the names of the axes of a kind, or of all."""
    rows = seed_rows("completeness_axes")
    return [row["axis"] for row in rows if not kind or row["axis_kind"] == kind]


def _completeness_bins() -> Suite:
    return Suite(
        table="completeness_bins",
        grain="One row per axis and bin.",
        key=("axis", "bin"),
        columns=("low", "high", "value"),
        checks=(
            among("axis", _axes()),
            always(
                "a_bin_is_an_interval_or_a_value",
                "if(value is null, low < high, low is null and high is null)",
            ),
            no_rows(
                "bins_are_numbered_from_0",
                "select axis from {batch} group by axis"
                " having min(bin) <> 0 or max(bin) <> count(*) - 1",
            ),
            _bounds_are_the_edges(),
        ),
    )


def _bounds_are_the_edges() -> Check:
    edges = "select axis, edge from completeness_edges"
    bounds = (
        "select distinct axis, edge from"
        " (select axis, unnest([low, high]) as edge from {batch} where value is null)"
    )
    return no_rows(
        "bounds_are_the_edges",
        f"({edges} except {bounds}) union all (select * from ({bounds}) except {edges})",
    )


def _task_outcomes() -> Suite:
    axes = _axes()
    last = ", ".join(f"max(bin) filter (where axis = '{axis}') as last_{axis}" for axis in axes)
    in_bins = " and ".join(f"{axis} between -1 and coalesce(last_{axis}, -1)" for axis in axes)
    return Suite(
        table="task_outcomes",
        grain="One row per task.",
        key=("task_id",),
        columns=("experiment_number", "host_number", "is_clean", "outcome", *axes),
        checks=(
            *present("host_number", "is_control", "is_first_of_render", "is_clean"),
            _tasks_are_the_injections(),
            always(
                "an_outcome_is_a_letter_per_rule",
                "regexp_full_match(outcome, '[dm-]+')",
                column="outcome",
            ),
            no_rows(
                "what_has_no_threshold_judges_nothing",
                """
                with rules as (
                    select experiment_number, count(*) as n_rules,
                        string_agg(if(threshold is null, '-', '.'), '' order by rule_number) as judging
                    from recovery_thresholds group by experiment_number
                )
                select {key}, outcome from {batch} left join rules using (experiment_number)
                where (len(outcome) = n_rules and regexp_full_match(outcome, judging)) is not true
                """,
                why="A letter for each rule, and - for those without a threshold.",
            ),
            no_rows(
                "bins_are_those_of_the_axes",
                f"select {{key}} from {{batch}} cross join"
                f" (select {last} from completeness_bins) where ({in_bins}) is not true",
                why="Or -1, outside all.",
            ),
        ),
    )


def _tasks_are_the_injections() -> Check:
    counted = "count(*) as n_tasks, bit_xor(hash(task_id)) as ids"
    return no_rows(
        "tasks_are_the_injections",
        f"""
        with outcomes as (
            select experiment_number, is_control, {counted} from {{batch}} group by all
        ),
        tasks as (
            select experiment_number, is_control, n_tasks, ids
            from (select experiment_id, is_control, {counted} from injections group by all)
            left join (select distinct experiment_id, experiment_number from recovery_thresholds)
                using (experiment_id)
        )
        select experiment_number, is_control, tasks.n_tasks, outcomes.n_tasks as n_outcomes
        from tasks full join outcomes using (experiment_number, is_control)
        where (tasks.n_tasks = outcomes.n_tasks and tasks.ids = outcomes.ids) is not true
        """,
        why="As many in each experiment, and the hashes of their names add up to the same.",
    )


def _completeness_signal() -> Suite:
    means = ("arc_snr_mean", "arc_snr_p50", "theta_over_psf_mean")
    seen = f"len(list_filter([{', '.join(means)}], mean -> isfinite(mean)))"
    return Suite(
        table="completeness_signal",
        grain="One row per cube and cell that an injection fell into.",
        key=CELL,
        columns=("n_attempt", *means),
        checks=(
            always("attempts_are_counted", "n_attempt > 0", column="n_attempt"),
            always("means_are_there_together", f"{seen} = if(arc_snr_mean is null, 0, 3)"),
            _every_task_is_counted(
                "every_injection_is_attempted",
                "select cube, false as is_control, experiment_number, n_attempt as n from {batch}",
            ),
        ),
    )


def _completeness_patterns() -> Suite:
    return Suite(
        table="completeness_patterns",
        grain="One row per cube, cell and list of outcomes that a host shows there.",
        key=("cube", "is_control", "experiment_number", "cell", "outcomes"),
        columns=("n_hosts",),
        checks=(
            always("hosts_are_counted", "n_hosts > 0 and len(outcomes) > 0"),
            _every_task_is_counted(
                "every_task_is_an_outcome",
                "select cube, is_control, experiment_number, n_hosts * len(outcomes) as n"
                " from {batch}",
            ),
        ),
    )


def _every_task_is_counted(name: str, counted: str) -> Check:
    """Return the check that numbers ``n`` of a query add up to the tasks."""
    return no_rows(
        name,
        f"""
        with sums as (
            select cube, is_control, experiment_number, sum(n) as n from ({counted}) group by all
        ),
        tasks as (
            select is_control, experiment_number, count(*) as n_tasks,
                count_if(is_first_of_render) as n_renders
            from task_outcomes group by all
        ),
        wanted as (
            select cube, is_control, experiment_number, if({WITH_SETS}, n_tasks, n_renders) as n
            from (select distinct cube, is_control from sums) inner join tasks using (is_control)
        )
        select cube, is_control, experiment_number, sums.n, wanted.n as n_wanted
        from sums full join wanted using (cube, is_control, experiment_number)
        where sums.n is distinct from nullif(wanted.n, 0)
        """,
        why="A render counts once where selection sets are pooled.",
    )


def _completeness_grid() -> Suite:
    widths = " and ".join(
        f"(({axis}_low is null) = ({axis}_high is null) and {axis}_low < {axis}_high is not false)"
        for axis in _axes("binned")
    )
    return Suite(
        table="completeness_grid",
        grain="One row per cube, experiment and cell.",
        key=CELL,
        columns=(
            "control_cube",
            "control_cell",
            *_axes("category"),
            *(f"{axis}_{end}" for axis in _axes("binned") for end in ("low", "high")),
        ),
        checks=(
            *present("control_cube", "control_cell"),
            among("only_rule_kind", RULE_KINDS, when="only_rule_kind is not null"),
            always("bins_have_a_width", widths),
            no_rows(
                "cells_that_were_met_are_there",
                "select {key} from completeness_signal anti join {batch} using ({key})",
            ),
            no_rows(
                "control_cubes_are_cubes",
                "select distinct control_cube from {batch}"
                " where control_cube not in (select cube from {batch})",
            ),
            no_rows(
                "experiments_have_rules",
                "select distinct experiment_number from {batch}"
                " where experiment_number not in (select experiment_number from recovery_thresholds)",
            ),
        ),
    )


def _completeness_counts() -> Suite:
    kinds = "kinds_n_hosts::double[], {}::double[])"
    return Suite(
        table="completeness_counts",
        grain="One row per cube, cell, rule and quality with anything valid.",
        key=COUNTED,
        columns=("n_valid", "n_recovered", "n_hosts"),
        empty_unless=SOMETHING_VALID,
        checks=(
            among("quality", QUALITIES),
            always(
                "recovered_and_hosts_within_valid",
                "n_recovered between 0 and n_valid and n_hosts between 1 and n_valid",
            ),
            always(
                "hosts_are_recovered_or_missed",
                "n_hosts_recovered between 0 and n_hosts and n_hosts_missed between 0 and n_hosts"
                " and n_hosts_recovered + n_hosts_missed >= n_hosts",
            ),
            always(
                "squares_are_those_of_parts_of_hosts",
                "sum_recovered2 between 0 and sum_valid_recovered"
                " and sum_valid_recovered <= sum_valid2"
                " and n_valid::double * n_valid <= n_hosts * sum_valid2 * (1 + 1e-12)",
                why="A host's recovered are some of its valid; squares are least when hosts share.",
            ),
            always(
                "kinds_of_hosts_add_up",
                "list_sum(kinds_n_hosts) = n_hosts"
                f" and list_inner_product({kinds.format('kinds_n_valid')} = n_valid"
                f" and list_inner_product({kinds.format('kinds_n_recovered')} = n_recovered",
                when="kinds_n_hosts is not null",
            ),
            _every_outcome_is_counted(),
        ),
    )


def _every_outcome_is_counted() -> Check:
    """Return the check of valid and recovered in cubes that have all rules."""
    letters = {"n_valid": "in ('d', 'm')", "n_recovered": "= 'd'"}
    of_tasks = ", ".join(
        f"coalesce(sum({n}) filter (outcome[rule_number] {of_rule}), 0) as {name}_{counted}"
        for name, of_rule in letters.items()
        for counted, n in (("tasks", "n"), ("renders", "n * is_first_of_render::integer"))
    )
    wanted = ", ".join(
        f"if({WITH_SETS}, {name}_tasks, {name}_renders) as {name}" for name in letters
    )
    place = "cube, is_control, experiment_number, rule_number, quality"
    return no_rows(
        "every_outcome_is_counted",
        f"""
        with cubes as (
            select cube, false as is_control from completeness_grid where only_rule_kind is null
            union
            select control_cube, true from completeness_grid where only_rule_kind is null
        ),
        sums as (
            select {place}, sum(n_valid) as n_valid, sum(n_recovered) as n_recovered
            from {{batch}} semi join cubes using (cube, is_control) group by all
        ),
        outcomes as (
            select is_control, experiment_number, is_clean, is_first_of_render,
                outcome, count(*) as n
            from task_outcomes group by all
        ),
        tasks as (
            select is_control, experiment_number, rule_number, quality, {of_tasks}
            from outcomes
            inner join (select distinct experiment_number, rule_number from recovery_thresholds)
                using (experiment_number)
            inner join (values ('all', false), ('clean', true)) as qualities(quality, is_clean_asked)
                on is_clean or not is_clean_asked
            group by all
        ),
        wanted as (
            select {place}, {wanted}
            from cubes inner join tasks using (is_control)
        )
        select {place}, sums.n_valid, wanted.n_valid as n_valid_of_tasks
        from sums full join wanted using ({place})
        where (coalesce(sums.n_valid, 0), coalesce(sums.n_recovered, 0))
            is distinct from (wanted.n_valid, wanted.n_recovered)
        """,
        why="Rule by rule, summed over cells, in every cube that has all rules.",
    )


def _completeness_intervals() -> Suite:
    return Suite(
        table="completeness_intervals",
        grain="One row per row of completeness_counts.",
        key=COUNTED,
        columns=("n_valid", "n_recovered", "n_hosts", "share", "n_effective"),
        empty_unless="select 1 as counted from completeness_counts limit 1",
        checks=(
            _counts_are_those_before(),
            always(
                "share_is_recovered_over_valid",
                "abs(share * n_valid - n_recovered) <= 1e-9 * n_valid",
            ),
            *(
                always(
                    f"share_lies_in_its_{kind}_interval",
                    f"{kind}_low >= 0 and {kind}_low <= share + 1e-9"
                    f" and share <= {kind}_high + 1e-9 and {kind}_high <= 1",
                )
                for kind in INTERVALS
            ),
            always(
                "bootstrap_is_an_interval_of_shares",
                "0 <= bootstrap_low and bootstrap_low <= bootstrap_high and bootstrap_high <= 1",
                when="bootstrap_low is not null or bootstrap_high is not null",
            ),
            always(
                "hosts_that_repeat_widen_it",
                "n_hosts between 1 and n_valid and design_effect >= 1"
                " and abs(n_effective * design_effect - n_valid) <= 1e-9 * n_valid",
            ),
        ),
    )


def _counts_are_those_before() -> Check:
    sums = (
        "select cube, is_control, experiment_number, rule_number, quality, count(*) as n_rows,"
        " sum(n_valid) as n_valid, sum(n_recovered) as n_recovered, sum(n_hosts) as n_hosts from"
    )
    before, here = f"{sums} completeness_counts group by all", f"{sums} {{batch}} group by all"
    return no_rows(
        "counts_are_those_before",
        f"({before} except {here}) union all (select * from ({here}) except {before})",
        why="By cube, experiment, rule and quality: rows, valid, recovered and hosts.",
    )
