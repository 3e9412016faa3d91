"""What breaks the suites of the steps of `completeness`."""

ONE_COUNT = "where cube = 'overall' and rule_number = 1 and quality = 'all'"
# What one rule has too many another has too few, so that sums over rules stay as they are.
TWO_RULES_SWAPPED = "rule_number = 3 - rule_number where cube = 'overall' and rule_number in (1, 2)"

CHANGES = {
    "completeness_bins": {
        "a_bin_is_an_interval_or_a_value": "low = 0 where axis = 'region_split'",
        "bins_are_numbered_from_0": "bin = 3 where axis = 'region_split' and bin = 2",
        "bounds_are_the_edges": "low = 1.35 where axis = 'psf_fwhm_arcsec'",
    },
    "task_outcomes": {
        "tasks_are_the_injections": (
            "task_id = 'x' where task_id = (select min(task_id) from task_outcomes)"
        ),
        "an_outcome_is_a_letter_per_rule": "outcome = 'x' || outcome[2:] where outcome[1] = 'd'",
        "what_has_no_threshold_judges_nothing": "outcome = outcome[:3] || 'm' where not is_control",
        "bins_are_those_of_the_axes": "region_split = 3 where region_split = 2",
    },
    "completeness_signal": {
        "means_are_there_together": "arc_snr_p50 = null",
        "every_injection_is_attempted": "delete from completeness_signal where cell = '2'",
    },
    "completeness_patterns": {
        "hosts_are_counted": ("n_hosts = 0 where cell = '2'", "every_task_is_an_outcome"),
        "every_task_is_an_outcome": "n_hosts = n_hosts + 1 where cell = '2'",
    },
    "completeness_grid": {
        "only_rule_kind_is_known": "only_rule_kind = 'odd'",
        "bins_have_a_width": "psf_fwhm_arcsec_high = null",
        "cells_that_were_met_are_there": "delete from completeness_grid where cell = '2'",
        "control_cubes_are_cubes": "control_cube = 'nowhere'",
        "experiments_have_rules": "experiment_number = 99 where cell = 'nowhere'",
    },
    "outcome_lists": {
        "has_rows_where_called_for": "delete from outcome_lists",
        "quality_is_known": "quality = 'fine' where quality = 'all' and rule_number = 1",
        "numbers_are_those_of_the_lists": ("outcome_list = 1 - outcome_list where rule_number = 1"),
        "letters_are_counted": "n_recovered = n_valid where n_recovered = 0",
    },
    "completeness_counts": {
        "has_rows_where_called_for": (
            "delete from completeness_counts",
            "every_outcome_is_counted",
        ),
        "recovered_and_hosts_within_valid": (
            f"n_recovered = n_valid + 1, kinds_n_hosts = null {ONE_COUNT}",
            "every_outcome_is_counted",
        ),
        "hosts_are_recovered_or_missed": f"n_hosts_missed = n_hosts + 1 {ONE_COUNT}",
        "squares_are_those_of_parts_of_hosts": f"sum_valid2 = n_valid {ONE_COUNT}",
        "kinds_of_hosts_add_up": f"kinds_n_recovered = kinds_n_valid {ONE_COUNT}",
        "every_outcome_is_counted": TWO_RULES_SWAPPED,
    },
    "completeness_intervals": {
        "has_rows_where_called_for": (
            "delete from completeness_intervals",
            "counts_are_those_before",
        ),
        "counts_are_those_before": TWO_RULES_SWAPPED,
        "share_is_recovered_over_valid": "share = share * 0.99 where share > 0",
        "share_lies_in_its_wilson_interval": "wilson_high = share - 0.01 where share > 0.1",
        "share_lies_in_its_jeffreys_interval": "jeffreys_low = share + 0.01 where share < 0.9",
        "bootstrap_is_an_interval_of_shares": "bootstrap_low = null",
        "hosts_that_repeat_widen_it": "design_effect = 0.5",
    },
}
