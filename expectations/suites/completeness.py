"""Suites of the stage `completeness`: sums against the injections, and intervals that hold."""

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


def suites(settings: Settings) -> tuple[Suite, ...]:
    """One suite per published table of the stage."""
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
        grain="One row per cube, experiment, cell and rule.",
        key=("cube", "experiment_id", "cell", "rule"),
        columns=("rule_kind", "n_attempt", *_columns_of_counts("")),
        checks=(
            among("rule_kind", RULE_KINDS),
            *_shares(),
            *(check for quality in QUALITIES for check in _intervals(quality)),
            *_sums_of_cells(),
            always(
                "original_rule_recovers_what_is_resolved",
                "n_recovered_all = 0",
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
            select cube, experiment_id, rule, n_attempt, n_tasks, n_renders
            from (
                select cube, experiment_id, rule, sum(n_attempt) as n_attempt,
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
                select cube, experiment_id, rule, count(selection_set_id) > 0 as has_sets,
                    sum(n_valid_all) as n_valid_all, sum(n_recovered_all) as n_recovered_all,
                    sum(n_valid_clean) as n_valid_clean,
                    sum(n_recovered_clean) as n_recovered_clean
                from {batch} group by all
            )
            select parts.cube, experiment_id, rule
            from sums as parts left join sums as whole using (experiment_id, rule)
            where not parts.has_sets and whole.cube = 'overall'
            and (parts.n_valid_all, parts.n_recovered_all, parts.n_valid_clean,
                parts.n_recovered_clean) is distinct from (whole.n_valid_all,
                whole.n_recovered_all, whole.n_valid_clean, whole.n_recovered_clean)
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
            select experiment_id, rule, n_recovered_all, n_recovered
            from (select * from {batch} where cube = 'overall')
            full join renders using (experiment_id, rule)
            where n_recovered_all is distinct from n_recovered
            """,
        ),
    )


def _columns_of_counts(suffix: str) -> tuple[str, ...]:
    return tuple(
        f"{count}_{quality}{suffix}"
        for quality in QUALITIES
        for count in ("n_valid", "n_recovered")
    )


def _shares(suffix: str = "") -> tuple[Check, ...]:
    """Recovered within valid within attempted, clean within all."""
    chain = f"{{0}}_clean{suffix} <= {{0}}_all{suffix}"
    return (
        *(
            always(
                f"recovered_within_valid_within_attempts_{quality}",
                f"n_recovered_{quality}{suffix} >= 0"
                f" and n_recovered_{quality}{suffix} <= n_valid_{quality}{suffix}"
                f" and n_valid_{quality}{suffix} <= n_attempt{suffix}",
            )
            for quality in QUALITIES
        ),
        always("clean_within_all", " and ".join(map(chain.format, ("n_valid", "n_recovered")))),
    )


def _intervals(quality: str) -> tuple[Check, ...]:
    share = f"completeness_valid_{quality}"
    valid = f"n_valid_{quality} > 0"
    return (
        always(
            f"completeness_is_recovered_over_valid_{quality}",
            f"if({valid}, abs({share} * n_valid_{quality} - n_recovered_{quality})"
            f" <= 1e-9 * n_valid_{quality}, {share} is null)",
            why="Null, and not 0, in a cell without valid injections.",
        ),
        *(
            always(
                f"completeness_lies_in_its_{kind}_interval_{quality}",
                f"{kind}_low_{quality} >= 0 and {kind}_low_{quality} <= {share} + 1e-9"
                f" and {share} <= {kind}_high_{quality} + 1e-9 and {kind}_high_{quality} <= 1",
                when=valid,
            )
            for kind in INTERVALS
        ),
        always(
            f"hosts_that_repeat_are_known_{quality}",
            f"n_hosts_{quality} between 1 and n_valid_{quality} and design_effect_{quality} >= 1"
            f" and abs(n_effective_{quality} * design_effect_{quality} - n_valid_{quality})"
            f" <= 1e-9 * n_valid_{quality}",
            when=valid,
        ),
        always(
            f"an_empty_cell_says_nothing_{quality}",
            f"n_hosts_{quality} = 0 and wilson_low_{quality} is null"
            f" and jeffreys_low_{quality} = 0 and jeffreys_high_{quality} = 1",
            when=f"n_valid_{quality} = 0",
        ),
    )


def _completeness_marginals() -> Suite:
    return Suite(
        table="completeness_marginals",
        grain="One row per axis, experiment, bin and rule.",
        key=("axis", "experiment_id", "cell", "rule"),
        columns=("low", "high", "value", "n_attempt", *_columns_of_counts("")),
        checks=(
            among(
                "axis",
                [
                    row["axis"]
                    for row in seed_rows("completeness_axes")
                    if row["has_marginal"] == "true"
                ],
            ),
            *_shares(),
            always("bins_have_a_width", "low <= high", when="low is not null"),
            no_rows(
                "every_injection_is_attempted_on_every_axis",
                f"""
                select axis, experiment_id, rule, n_attempt, n_tasks, n_renders
                from (
                    select axis, experiment_id, rule, sum(n_attempt) as n_attempt
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
