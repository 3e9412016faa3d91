"""What breaks the suites of `cutouts`."""

ONE = "where galaxy_id = 'galaxy_9'"

CHANGES = {
    "cutouts": {
        "objects_are_those_of_the_sample": f"delete from cutouts {ONE}",
        "reason_where_not_ok": "reason_code = null where not has_cutout",
        "reason_code_is_known": "reason_code = 'because' where not has_cutout",
        "cutout_has_every_band_and_pixel": f"n_values = 10201 {ONE}",
        "object_is_within_half_a_pixel_of_the_centre": f"x_pix = 151 {ONE}",
        "both_classes_are_there": (
            "has_cutout = false, reason_code = 'psf_out_of_range' where is_lens",
            "most_objects_have_a_cutout",
        ),
        "most_objects_have_a_cutout": (
            "has_cutout = false, reason_code = 'psf_out_of_range'"
            " where not is_lens and galaxy_id <> 'galaxy_9'"
        ),
    },
    "cutout_measurements": {
        "cutouts_are_those_of_the_sample": f"delete from cutout_measurements {ONE}",
        "missing_and_zero_are_parts_of_the_pixels": f"zero_frac_g = 1 {ONE}",
        "what_is_missing_in_a_box_is_missing_in_the_larger": f"core_nan_frac_r = 0.1 {ONE}",
    },
    "cutout_quality": {
        "objects_are_those_of_the_cutouts": f"delete from cutout_quality {ONE}",
        "reason_where_not_ok": "reason_code = null where not quality_ok",
        "reason_code_is_known": "reason_code = 'because' where not quality_ok",
        "good_cutout_is_whole": f"has_g = false {ONE}",
        "good_cutout_has_its_central_pixels": f"core_nan_frac = 0.1 {ONE}",
        "colours_are_the_catalogue_s": f"r_z_off_mag = -2 {ONE}",
        "both_classes_are_there": (
            "quality_ok = false, reason_code = 'psf_out_of_range' where is_lens"
        ),
    },
    "cutout_features": {
        "objects_are_those_with_a_cutout": f"delete from cutout_features {ONE}",
        "both_classes_are_there": "quality_ok = false where is_lens",
    },
    "sham_features": {
        "has_rows_where_called_for": ("delete from sham_features", "most_hosts_are_measured"),
        "blind_snr_is_finite_where_measured": "blind_snr = 'nan' where galaxy_id = 'galaxy_3'",
        "hosts_are_usable_negatives": "galaxy_id = 'galaxy_2' where galaxy_id = 'galaxy_3'",
        "most_hosts_are_measured": "delete from sham_features where galaxy_id = 'galaxy_3'",
    },
    "shortcut_classifiers": {
        "every_classifier_was_tried": (
            "delete from shortcut_classifiers where classifier = 'nuisance'"
        ),
        "both_classes_on_several_bricks": "n_bricks = 1 where classifier = 'nuisance'",
        "null_is_a_range": "null_low = 0.6 where classifier = 'nuisance'",
    },
    "shortcut_scores": {
        "measured_on_both_classes": "n_positives = 0",
        "auc_lies_in_its_interval": "auc_high = 0.1",
        "verdict_follows_the_lower_end": "verdict = 'green'",
        "some_features_are_expected_and_some_are_not": "is_expected = false",
        "most_features_are_measured": "verdict = 'unmeasured' where feature = 'ebv'",
    },
    "cutout_gates": {
        "gates_are_those_of_the_rules": "delete from cutout_gates where gate = 'enough_positives'",
        "gate_passes_by_its_number": "value = 'nan' where gate = 'enough_positives'",
        "verdict_is_that_of_the_blocking_gates": "verdict = 'NO-GO' where gate = 'overall'",
    },
}
