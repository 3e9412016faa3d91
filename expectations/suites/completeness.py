"""Suites of the stage `completeness`: sums, shares and their intervals."""

from expectations.seeds import seed_rows
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    between,
    equal,
    holds,
    no_rows,
)
from expectations.suites import completeness_steps, footprint, recovery, surfaces
from expectations.suites.recovery import INJECTIONS, RULE_KINDS
from expectations.suites.tasks import PSF_MAX_ARCSEC, PSF_MIN_ARCSEC
from store.project import Settings

QUALITIES = ("all", "clean")
INTERVALS = ("wilson", "jeffreys")
COUNTS = ("n_valid", "n_recovered")


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per published table of the stage."""
    return (
        *recovery.suites(),
        *completeness_steps.steps(),
        _completeness_cells(),
        *surfaces.suites(),
        _completeness_marginals(),
        _psf_provenance(settings),
        *footprint.suites(settings),
    )


def _completeness_cells() -> Suite:
    return Suite(
        table="completeness_cells",
        grain="One row per cube, experiment, cell, rule and quality.",
        key=("cube", "experiment_id", "cell", "rule", "quality"),
        columns=("rule_kind", "n_attempt", *COUNTS),
        checks=(
            among("rule_kind", RULE_KINDS),
            *_shares("cube, experiment_id, cell, rule"),
            *_intervals(),
            *_sums_of_cells(),
            always(
                "original_rule_recovers_what_is_resolved",
                "n_recovered = 0",
                when="rule in ('original', 'resolution_only')"
                " and coalesce(resolution_bin_high <= 0.8, false)",
                why="Nothing below 0.8 PSF widths.",
            ),
        ),
    )


def _sums_of_cells() -> tuple[Check, ...]:
    return (
        no_rows(
            "every_injection_is_attempted_in_every_cube",
            f"""
            select cube, experiment_id, rule, quality, n_attempt, n_tasks, n_renders
            from (
                select cube, experiment_id, rule, quality, sum(n_attempt) as n_attempt,
                    count(selection_set_id) > 0 as tells_sets_apart
                from {{batch}} group by all
            )
            full join ({INJECTIONS}) as injected using (experiment_id)
            where (n_attempt = if(tells_sets_apart, n_tasks, n_renders)) is not true
            """,
            why="A render counts once where selection sets are pooled.",
        ),
        no_rows(
            "parts_add_up_to_the_whole",
            """
            with sums as (
                select cube, experiment_id, rule, quality, count(selection_set_id) > 0 as has_sets,
                    sum(n_valid) as n_valid, sum(n_recovered) as n_recovered
                from {batch} group by all
            )
            select parts.cube, experiment_id, rule, quality
            from sums as parts left join sums as whole using (experiment_id, rule, quality)
            where not parts.has_sets and whole.cube = 'overall'
            and (parts.n_valid, parts.n_recovered)
                is distinct from (whole.n_valid, whole.n_recovered)
            """,
        ),
        holds("there_is_a_whole", "(select count(*) from {batch} where cube = 'overall') > 0"),
        no_rows(
            "recovered_are_the_recoveries",
            """
            with renders as (
                select experiment_id, rule,
                    count(distinct render_id) filter (where is_detected) as n_recovered
                from recoveries
                inner join (select task_id, render_id from injections where not is_control)
                    using (task_id)
                group by all
            )
            select experiment_id, rule, cells.n_recovered, renders.n_recovered as n_detected
            from (select * from {batch} where cube = 'overall' and quality = 'all') as cells
            full join renders using (experiment_id, rule)
            where cells.n_recovered is distinct from renders.n_recovered
            """,
        ),
    )


def _shares(key: str) -> tuple[Check, ...]:
    """Return the checks that counts lie within each other.

    What is recovered is valid, what is valid was attempted, and what is clean is part of all.
    """
    return (
        among("quality", QUALITIES),
        always(
            "recovered_within_valid_within_attempts",
            "n_recovered >= 0 and n_recovered <= n_valid and n_valid <= n_attempt",
        ),
        no_rows(
            "clean_within_all",
            f"select {key} from {{batch}} group by {key} having count(*) <> 2"
            " or max_by(n_valid, quality) > min_by(n_valid, quality)"
            " or max_by(n_recovered, quality) > min_by(n_recovered, quality)"
            " or min(n_attempt) < max(n_attempt)",
            why="Of each cell there is a row of both qualities, with the same attempts.",
        ),
    )


def _intervals() -> tuple[Check, ...]:
    valid = "n_valid > 0"
    return (
        always(
            "completeness_is_recovered_over_valid",
            f"if({valid}, abs(completeness_valid * n_valid - n_recovered) <= 1e-9 * n_valid,"
            " completeness_valid is null)",
            why="Null, and not 0, in a cell without valid injections.",
        ),
        *(
            always(
                f"completeness_lies_in_its_{kind}_interval",
                f"{kind}_low >= 0 and {kind}_low <= completeness_valid + 1e-9"
                f" and completeness_valid <= {kind}_high + 1e-9 and {kind}_high <= 1",
                when=valid,
            )
            for kind in INTERVALS
        ),
        always(
            "hosts_that_repeat_are_known",
            "n_hosts between 1 and n_valid and design_effect >= 1"
            " and abs(n_effective * design_effect - n_valid) <= 1e-9 * n_valid",
            when=valid,
        ),
        always(
            "an_empty_cell_says_nothing",
            "n_hosts = 0 and wilson_low is null and jeffreys_low = 0 and jeffreys_high = 1",
            when="n_valid = 0",
        ),
    )


def _completeness_marginals() -> Suite:
    return Suite(
        table="completeness_marginals",
        grain="One row per axis, experiment, bin, rule and quality.",
        key=("axis", "experiment_id", "cell", "rule", "quality"),
        columns=("low", "high", "value", "n_attempt", *COUNTS),
        checks=(
            among(
                "axis",
                [
                    row["axis"]
                    for row in seed_rows("completeness_axes")
                    if row["has_marginal"] == "true"
                ],
            ),
            *_shares("axis, experiment_id, cell, rule"),
            always("bins_have_a_width", "low <= high", when="low is not null"),
            no_rows(
                "every_injection_is_attempted_on_every_axis",
                f"""
                select axis, experiment_id, rule, quality, n_attempt, n_tasks, n_renders
                from (
                    select axis, experiment_id, rule, quality, sum(n_attempt) as n_attempt
                    from {{batch}} group by all
                )
                full join ({INJECTIONS}) as injected using (experiment_id)
                where (n_attempt = if(axis = 'selection_set_id', n_tasks, n_renders)) is not true
                """,
            ),
        ),
    )


def _psf_provenance(settings: Settings) -> Suite:
    bands = settings["bands"]
    return Suite(
        table="psf_provenance",
        grain="One row per experiment, band and source of the PSF width.",
        key=("experiment_id", "band", "psf_source"),
        nullable_key=("psf_source",),
        columns=("n_tasks", "n_controls"),
        checks=(
            among("band", bands),
            among(
                "psf_source",
                ("map", "manifest", "fallback"),
                when="psf_source is not null",
                why="Null for tasks whose PSF was not looked for.",
            ),
            always("controls_are_tasks", "n_controls between 0 and n_tasks"),
            between(
                "psf_fwhm_min_arcsec", PSF_MIN_ARCSEC, PSF_MAX_ARCSEC, when="psf_source is not null"
            ),
            between(
                "psf_fwhm_max_arcsec", PSF_MIN_ARCSEC, PSF_MAX_ARCSEC, when="psf_source is not null"
            ),
            equal(
                "every_task_is_counted_in_every_band",
                "select sum(n_tasks)::bigint from {batch}",
                f"select {len(bands)} * count(*) from injections",
            ),
            no_rows(
                "every_experiment_has_every_band",
                "select experiment_id from injections left join {batch} using (experiment_id)"
                f" group by experiment_id having count(distinct band) <> {len(bands)}",
            ),
        ),
    )
