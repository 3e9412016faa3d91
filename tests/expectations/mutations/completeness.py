"""What breaks the suites of `completeness`."""

FIRST_CELL = "where cube = 'overall' and rule = 'matched_snr' and quality = 'all'"
EMPTY_CELL = "where cell = 'nowhere'"
NARROW = {
    "wilson": "wilson_low = completeness_valid + 0.001",
    "jeffreys": "jeffreys_high = completeness_valid - 0.001",
}
QUALITIES = ("all", "clean")

CHANGES = {
    "recovery_thresholds": {
        "rules_are_numbered_from_1": "rule_number = 2 where rule = 'original'",
        "a_threshold_or_a_reason": "reason_code = null where rule = 'blind_strict'",
        "no_threshold_where_too_few_have_no_arc": (
            "n_without_arc_needed = 101 where rule = 'blind'"
        ),
        "the_rate_is_held": (
            "n_false_positives = 11, false_positive_rate_measured = 0.11,"
            " n_false_positives_of_controls = 8 where rule = 'blind'"
        ),
        "controls_and_negatives_add_up": "n_false_positives_of_negatives = 4 where rule = 'blind'",
        "the_measured_rate_lies_in_its_interval": (
            "false_positive_rate_wilson_high = 0.09 where rule = 'blind'"
        ),
        "every_experiment_has_rules": (
            "delete from recovery_thresholds"
            " where experiment_id = (select min(experiment_id) from injections)"
        ),
    },
    "completeness_surfaces": {
        "region_split_is_known": "region_split = 'nowhere'",
        "recovered_within_valid_within_attempts": "n_valid_clean = n_valid_all + 1",
        "the_rule_is_both_of_its_parts": "n_recovered_snr_only = n_recovered_all - 1",
        "nothing_unresolved_is_recovered": (
            "n_recovered_res_only = 1 where resolution_bin = '0.6-0.8'"
        ),
        **{
            f"completeness_lies_in_its_interval_{quality}": (
                f"ci_high_valid_{quality} = completeness_valid_{quality} - 0.01"
            )
            for quality in QUALITIES
        },
        "every_injection_is_attempted": (
            "delete from completeness_surfaces where resolution_bin = '0.6-0.8'"
        ),
    },
    "recoveries": {
        "detected_is_usable": (
            "is_usable = false where is_detected and is_usable_clean and rule = 'matched_snr'"
        ),
        "what_is_judged_by_a_metric_is_measured": (
            "is_usable = true where rule = 'matched_snr' and task_id in"
            " (select task_id from injections where not metrics_ok and not is_control)"
        ),
        "clean_is_a_part": "is_detected_clean = true where not is_detected",
        "reason_where_not_detected": "reason_code = 'below_threshold' where is_detected",
        "reason_code_is_known": "reason_code = 'because' where not is_detected",
        "every_task_has_every_rule": (
            "delete from recoveries where rule = 'matched_snr'"
            " and task_id = (select min(task_id) from recoveries)"
        ),
        "no_control_is_detectable": (
            "is_usable = true, is_detected = true, reason_code = null"
            " where is_control and rule = 'matched_snr'"
            " and task_id in (select task_id from injections where metrics_ok)"
        ),
        "original_rule_is_as_stated": (
            "is_detected = true, is_detected_clean = is_usable_clean, reason_code = null"
            " where is_usable and rule = 'original'"
        ),
    },
    "completeness_cells": {
        "quality_is_known": "quality = 'fine' where quality = 'clean'",
        "recovered_within_valid_within_attempts": (
            "n_attempt = n_valid - 1 where cube = 'overall' and rule = 'matched_snr'"
            " and experiment_id = (select min(experiment_id) from completeness_cells)",
            "every_injection_is_attempted_in_every_cube",
            "clean_within_all",
        ),
        "clean_within_all": f"delete from completeness_cells {EMPTY_CELL} and quality = 'clean'",
        "completeness_is_recovered_over_valid": f"completeness_valid = 0 {EMPTY_CELL}",
        **{
            f"completeness_lies_in_its_{kind}_interval": f"{change} {FIRST_CELL}"
            for kind, change in NARROW.items()
        },
        "hosts_that_repeat_are_known": f"design_effect = 0.5 {FIRST_CELL}",
        "an_empty_cell_says_nothing": f"wilson_low = 0 {EMPTY_CELL}",
        "every_injection_is_attempted_in_every_cube": (
            "n_attempt = n_attempt + 1 where cube = 'selection'"
        ),
        "parts_add_up_to_the_whole": (
            "delete from completeness_cells where cube = 'by_region_split' and cell = 'val'",
            "every_injection_is_attempted_in_every_cube",
        ),
        "there_is_a_whole": (
            "delete from completeness_cells where cube = 'overall'",
            "recovered_are_the_recoveries",
        ),
        "recovered_are_the_recoveries": (
            "update recoveries set is_detected = false where rule = 'matched_snr'"
        ),
        "original_rule_recovers_what_is_resolved": (
            "resolution_bin_high = 0.8 where cube = 'original' and rule = 'original'"
        ),
    },
    "completeness_by_region": {
        "region_split_is_known": "region_split = 'nowhere'",
        "cells_with_attempts_have_regions": "n_regions = 0",
        "recovered_within_valid_within_attempts": "n_recovered_total = n_valid_total + 1",
        "quality_is_known": "quality = 'fine' where quality = 'clean'",
        "completeness_lies_in_its_interval": "ci_high_pooled = completeness_valid_pooled - 0.01",
        "every_injection_is_attempted": "delete from completeness_by_region where n_regions > 0"
        " and resolution_bin = '<0.8' and rule = 'original'",
    },
    "completeness_marginals": {
        "quality_is_known": "quality = 'fine' where quality = 'clean'",
        "recovered_within_valid_within_attempts": "n_recovered = -1 where axis = 'theta_e_arcsec'",
        "clean_within_all": (
            "n_valid = n_recovered, n_recovered = n_recovered"
            " where axis = 'theta_e_arcsec' and quality = 'all' and rule = 'original'"
        ),
        "bins_have_a_width": "high = -1 where axis = 'theta_e_arcsec'",
        "every_injection_is_attempted_on_every_axis": (
            "n_attempt = n_attempt + 1 where axis = 'theta_e_arcsec'"
        ),
    },
    "psf_provenance": {
        "psf_source_is_known": "psf_source = 'guess' where psf_source = 'map'",
        "controls_are_tasks": "n_controls = n_tasks + 1",
        "every_task_is_counted_in_every_band": "n_tasks = n_tasks + 1 where band = 'g'",
        "every_experiment_has_every_band": (
            "delete from psf_provenance where band = 'g'",
            "every_task_is_counted_in_every_band",
        ),
    },
    "completeness_footprint": {
        "bin_has_a_width_psf_fwhm_arcsec": (
            "psf_fwhm_arcsec_high = null",
            "bricks_lie_in_their_bins",
        ),
        "bin_has_a_width_psfdepth_r_mag": (
            "psfdepth_r_mag_high = psfdepth_r_mag_low",
            "bricks_lie_in_their_bins",
        ),
        "a_row_has_bricks": (
            "insert into completeness_footprint values (1.4, 1.5, 24.5, 24.75, 0, 0, 0)"
        ),
        "every_usable_brick_is_counted": (
            "n_bricks = n_bricks + 1",
            "bricks_lie_in_their_bins",
        ),
        "every_parent_is_counted": "n_parents = n_parents - 1",
        "area_is_that_of_the_bricks": "area_deg2 = area_deg2 + 0.01",
        "bricks_lie_in_their_bins": "psf_fwhm_arcsec_low = 1.35",
        "bricks_without_a_bin_are_outside_all_psf_fwhm_arcsec": (
            "psf_fwhm_arcsec_low = null, psf_fwhm_arcsec_high = null"
        ),
        "bricks_without_a_bin_are_outside_all_psfdepth_r_mag": (
            "psfdepth_r_mag_low = null, psfdepth_r_mag_high = null"
        ),
    },
    "known_lens_parents": {
        "has_rows_where_called_for": (
            "delete from known_lens_parents",
            "lenses_are_those_of_the_searched_bricks",
        ),
        "a_parent_is_near": "is_parent = true where separation_arcsec is null",
        "lenses_are_those_of_the_searched_bricks": (
            "update stg_known_lenses set is_cluster = true where known_lens_id = 2"
        ),
        "separation_is_to_the_nearest_parent": "separation_arcsec = 0.1 where known_lens_id = 1",
    },
}
