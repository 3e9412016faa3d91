"""Suites of what counts as recovered: thresholds, and tasks under rules."""

from expectations.seeds import reason_codes, seed_rows
from expectations.suite import Check, Suite, always, among, no_rows, present

QUALITIES = ("all", "clean")
SOMETHING_VALID = "select 1 as valid from task_outcomes where outcome similar to '.*[dm].*' limit 1"
RULE_KINDS = ("detectability", "blind", "finder")
# Injections of an experiment: as tasks, and with the renders that selection sets share counted once.
INJECTIONS = (
    "select experiment_id, count(*) as n_tasks, count(distinct render_id) as n_renders"
    " from injections where not is_control group by experiment_id"
)


def suites() -> tuple[Suite, ...]:
    """Return one suite per table."""
    return _recovery_thresholds(), _recoveries()


def _recovery_thresholds() -> Suite:
    rate = "false_positive_rate is not null and threshold is not null"
    return Suite(
        table="recovery_thresholds",
        grain="One row per experiment and rule; a finder's rules once per finder.",
        key=("experiment_id", "rule"),
        columns=(
            "rule_number",
            "statistic",
            "threshold",
            "n_controls",
            "n_negatives",
            "n_without_arc_needed",
        ),
        checks=(
            among("rule_kind", RULE_KINDS),
            no_rows(
                "rules_are_numbered_from_1",
                "select experiment_id from {batch} group by experiment_id"
                " having min(rule_number) <> 1 or max(rule_number) <> count(*)"
                " or count(distinct rule_number) <> count(*)",
            ),
            always("a_threshold_or_a_reason", "(threshold is null) = (reason_code is not null)"),
            always(
                "no_threshold_where_too_few_have_no_arc",
                "n_without_arc_needed >= 1 and (threshold is null)"
                " = (n_controls + n_negatives < n_without_arc_needed)",
                when="false_positive_rate is not null",
            ),
            always(
                "the_rate_is_held",
                "n_false_positives <= false_positive_rate * (n_controls + n_negatives) + 1e-6",
                when=rate,
            ),
            always(
                "the_measured_rate_lies_in_its_interval",
                "abs(false_positive_rate_measured * (n_controls + n_negatives) - n_false_positives)"
                " <= 1e-6 and false_positive_rate_measured between"
                " false_positive_rate_wilson_low - 1e-9 and false_positive_rate_wilson_high + 1e-9",
                when=rate,
            ),
            always(
                "controls_and_negatives_add_up",
                "n_false_positives_of_controls + n_false_positives_of_negatives"
                " = n_false_positives and n_false_positives_of_controls between 0 and n_controls"
                " and n_false_positives_of_negatives between 0 and n_negatives",
                when=rate,
            ),
            no_rows(
                "every_experiment_has_rules",
                f"select experiment_id from ({INJECTIONS}) as injected"
                " anti join {batch} using (experiment_id)",
            ),
        ),
    )


def _recoveries() -> Suite:
    return Suite(
        table="recoveries",
        grain="One row per task and rule.",
        key=("task_id", "rule"),
        columns=("is_usable", "is_usable_clean", "is_detected", "is_detected_clean"),
        checks=(
            *present("is_usable", "is_usable_clean", "is_detected", "is_detected_clean"),
            among("rule_kind", RULE_KINDS),
            always(
                "detected_is_usable",
                "is_usable or not is_detected and not is_usable_clean",
            ),
            no_rows(
                "what_is_judged_by_a_metric_is_measured",
                "select {key} from {batch} inner join injections using (task_id)"
                " where is_usable and rule_kind <> 'finder' and metrics_ok is not true",
                why="Metrics that are not to be trusted count in no completeness.",
            ),
            always("clean_is_a_part", "is_detected_clean = (is_detected and is_usable_clean)"),
            always("reason_where_not_detected", "is_detected = (reason_code is null)"),
            among("reason_code", reason_codes(), when="reason_code is not null"),
            no_rows(
                "every_task_has_every_rule",
                "select experiment_id from {batch} full join injections using"
                " (task_id, experiment_id) group by experiment_id"
                " having (count(*) = count(distinct task_id) * count(distinct rule)"
                " and count(rule) = count(*)) is not true",
            ),
            always(
                "no_control_is_detectable",
                "not is_control or rule_kind <> 'detectability' or not is_detected",
                why="A rule on the injected truth cannot judge where nothing was injected.",
            ),
            _original_rule_holds(),
        ),
    )


def _original_rule_holds() -> Check:
    """Check the original's rule against the injections themselves."""
    (rule,) = (row for row in seed_rows("recovery_rules") if row["rule"] == "original")
    met = (
        f"metrics_ok and arc_snr >= {rule['minimum']} and theta_e_arcsec"
        f" / coalesce(psf_fwhm_used_r, psfsize_r) >= {rule['theta_over_psf_minimum']}"
    )
    return no_rows(
        "original_rule_is_as_stated",
        "select {key}, is_detected from {batch} inner join injections using (task_id)"
        f" where rule = 'original' and is_detected is distinct from coalesce({met}, false)",
        why=f"{met}; so nothing is recovered where theta_E is below"
        f" {rule['theta_over_psf_minimum']} of the PSF.",
    )


def outcome_lists() -> Suite:
    """Return the suite of the lists of outcomes that hosts show."""
    return Suite(
        table="outcome_lists",
        grain="One row per list of outcomes, rule and quality with anything valid.",
        key=("outcomes", "rule_number", "quality"),
        columns=("outcome_list", "n_valid", "n_recovered"),
        empty_unless=SOMETHING_VALID,
        checks=(
            among("quality", QUALITIES),
            always("a_list_has_a_number", "outcome_list is not null", column="outcome_list"),
            no_rows(
                "numbers_are_those_of_the_lists",
                "select outcome_list from {batch} group by outcome_list"
                " having count(distinct outcomes) > 1 union all"
                " select any_value(outcome_list) from {batch} group by outcomes"
                " having count(distinct outcome_list) > 1",
            ),
            always(
                "letters_are_counted",
                "n_valid = len(list_filter(outcomes, lambda outcome: outcome[rule_number] in"
                " ('d', 'm') and (quality = 'all' or not ends_with(outcome, '*'))))"
                " and n_recovered = len(list_filter(outcomes, lambda outcome:"
                " outcome[rule_number] = 'd' and (quality = 'all' or not ends_with(outcome, '*'))))"
                " and n_valid > 0",
            ),
        ),
    )
