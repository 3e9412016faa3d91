"""For every rule that is not about one column: a change to the small lake that breaks it.

``{table: {check: change}}``. A change is what stands after ``update <table> set``, or a whole
statement; a tuple also names the other checks that it must break.
"""

STAGING = {
    "stg_sources": {
        "row_of_file_stands_once": "row_index = 13 where brickid = 1 and objid = 2",
        "every_row_read_is_accounted_for": "n_duplicates = 0",
        "gmag_follows_flux": "gmag = 20.1 where brickid = 1 and objid = 2",
        "rmag_follows_flux": "rmag = rmag + 1e-6 where brickid = 1 and objid = 2",
        "zmag_follows_flux": "flux_z = 'nan' where brickid = 1 and objid = 2",
        "w1mag_follows_flux": "w1mag = null where brickid = 1 and objid = 2",
    },
    "stg_bricks": {
        "brickname_is_unique": "brickname = '0102p002' where brickid = 2",
        "centre_lies_inside": "ra = 11 where brickid = 1",
        "area_follows_corners": "area_deg2 = 0.07 where brickid = 1",
        "every_brick_read_is_there": "delete from stg_bricks where brickid = 6",
    },
    "stg_known_lenses": {
        "every_entry_with_a_position_is_accounted_for": "n_entries = 1",
        "lens_stands_once": "ra = 10.2101, dec = 0.23 where known_lens_id = 2",
    },
    "stg_ingest_outcomes": {
        "reason_where_not_ok": "reason_code = null where not is_ok",
        "reason_code_is_known": "reason_code = 'because' where not is_ok",
        "every_attempt_is_accounted_for": "n_attempts = 2 where is_ok",
    },
}

REGIONS = {
    "bricks_with_region": {
        "brick_passes_the_cuts": "psfsize_r = 1.7 where brickid = 1",
        "variants_are_nested": "n_lrg_v4 = 5 where brickid = 1",
        "density_is_count_over_area": "lrg_density_v3 = n_lrg_v3 where brickid = 1",
        "every_usable_brick_with_sources_is_there": (
            "delete from bricks_with_region where brickid = 6"
        ),
        "region_lies_in_one_cell": "cell = 7 where brickid = 1",
    },
    "region_metrics": {
        "n_bricks_is_that_of_the_bricks": "n_bricks = 3 where region_id = 0",
        "area_deg2_is_that_of_the_bricks": "area_deg2 = 1 where region_id = 0",
        "n_gal_total_is_that_of_the_bricks": "n_gal_total = 3 where region_id = 0",
        **{
            f"n_lrg_v{v}_total_is_that_of_the_bricks": f"n_lrg_v{v}_total = 77 where region_id = 0"
            for v in range(1, 6)
        },
        "split_follows_its_draw": "split_u = 0.9 where region_id = 0",
        "every_split_has_members": ("region_split = 'train', split_u = 0.1 where region_id = 2",),
        "cell_has_one_split": "cell = 0",
    },
    "region_selections": {
        "every_set_has_every_split": (
            "delete from region_selections"
            " where selection_set_id = 'topk_density_k100' and region_id = 2"
        ),
        "region_has_its_own_split": (
            "insert into region_selections select * replace (77 as region_id, 2 as region_rank,"
            " -1 as score_density, -1 as score_n_lrg, -1 as score_area_weighted,"
            " -1 as score_psf_weighted) from region_selections"
            " where selection_set_id = 'topk_density_k100' and region_id = 2"
        ),
        "ranks_count_up_by_score": "region_rank = 2 where region_id = 0",
        "no_set_takes_more_than_its_number": (
            "insert into region_selections select * exclude (i) replace (1000 + i as region_id,"
            " 2 + i as region_rank, 10 as score_density) from region_selections"
            " cross join (select range as i from range(100))"
            " where selection_set_id = 'topk_density_k100' and region_split = 'train'",
            "region_has_its_own_split",
        ),
    },
}

PARENTS = {
    "parent_galaxies": {
        "galaxy_is_of_the_parent_variant": (
            "is_v3_color_relaxed = false where objid = 0 and brickid = 1",
            "is_v3_color_relaxed_follows_its_cuts",
        ),
        "is_v1_pure_massive_follows_its_cuts": (
            "is_v1_pure_massive = not is_v1_pure_massive",
            "v1_pure_massive_lies_in_v2_baseline_dr10",
        ),
        "is_v2_baseline_dr10_follows_its_cuts": (
            "is_v2_baseline_dr10 = true where not is_v2_baseline_dr10"
        ),
        "is_v3_color_relaxed_follows_its_cuts": (
            "is_v3_color_relaxed = null where brickid = 1 and objid = 0",
            "galaxy_is_of_the_parent_variant",
        ),
        "is_v4_mag_relaxed_follows_its_cuts": (
            "is_v4_mag_relaxed = false where brickid = 1 and objid = 0",
            "v3_color_relaxed_lies_in_v4_mag_relaxed",
        ),
        "is_v5_very_relaxed_follows_its_cuts": (
            "is_v5_very_relaxed = false where brickid = 1 and objid = 0",
            "v4_mag_relaxed_lies_in_v5_very_relaxed",
        ),
        "v1_pure_massive_lies_in_v2_baseline_dr10": (
            "is_v1_pure_massive = true where not is_v2_baseline_dr10",
            "is_v1_pure_massive_follows_its_cuts",
        ),
        "v2_baseline_dr10_lies_in_v3_color_relaxed": (
            "is_v2_baseline_dr10 = true, is_v3_color_relaxed = false where brickid = 1",
            "is_v2_baseline_dr10_follows_its_cuts",
            "is_v3_color_relaxed_follows_its_cuts",
            "galaxy_is_of_the_parent_variant",
        ),
        "v3_color_relaxed_lies_in_v4_mag_relaxed": (
            "is_v4_mag_relaxed = false where brickid = 1",
            "is_v4_mag_relaxed_follows_its_cuts",
        ),
        "v4_mag_relaxed_lies_in_v5_very_relaxed": (
            "is_v5_very_relaxed = false where brickid = 1",
            "is_v5_very_relaxed_follows_its_cuts",
        ),
        "rz_is_a_difference": "rz = rz + 1e-6 where brickid = 1 and objid = 2",
        "zw1_is_a_difference": "zw1 = null where brickid = 1 and objid = 2",
        "rz_mw_is_a_difference": "rmag_mw = null where brickid = 1 and objid = 2",
        "zw1_mw_is_a_difference": "zw1_mw = 1 where brickid = 1 and objid = 2",
        "galaxy_is_in_the_region_of_its_brick": "region_id = 1 where brickid = 1 and objid = 2",
        "region_is_selected": (
            "region_id = 77 where brickid = 1 and objid = 2",
            "galaxy_is_in_the_region_of_its_brick",
        ),
        "every_split_has_members": "region_split = 'buffer' where region_split = 'test'",
        "no_pair_across_splits": (
            "insert into parent_galaxies select * replace ('test' as region_split,"
            " objid + 100 as objid) from parent_galaxies where brickid = 1 and objid = 2"
        ),
        "galaxy_near_a_known_lens_is_marked": "is_near_known_lens = false",
    },
    "parent_funnel": {
        "in_is_cut_and_out": "n_cut = n_cut + 1 where brick_group = '1' and cut_order = 1",
        "out_goes_into_the_next_cut": (
            "n_in = n_in + 1, n_cut = n_cut + 1 where brick_group = '1' and cut_order = 2"
        ),
        "every_source_goes_in": (
            "delete from parent_funnel where brick_group = '1'",
            "every_parent_comes_out",
        ),
        "every_parent_comes_out": (
            "n_out = n_out - 1, n_cut = n_cut + 1 where brick_group = '1' and cut_order = 2"
        ),
    },
}

FIRST_CONFIG = "where config_id = 'grid_small_1'"
FIRST_TASK = "where task_id = (select min(task_id) from injection_tasks where not is_control)"
FIRST_GRID_TASK = FIRST_TASK[:-1] + " and tier = 'grid')"
FIRST_PRIOR_TASK = FIRST_TASK[:-1] + " and tier = 'train')"
OF_ONE_RENDER = (
    "where render_id = (select min(render_id) from injection_tasks where tier = 'train'"
    " and not is_control)"
)

MANIFESTS = {
    "injection_configs": {
        "configs_of_a_grid_count_up": f"config_index = 49 {FIRST_CONFIG}",
        "grids_have_their_points": ("delete from injection_configs where grid = 'grid_full'"),
        "n_configs_is_their_number": (
            "delete from injection_configs where config_id = 'grid_small_48'"
        ),
        "src_reff_is_positive": f"src_reff_arcsec = 0 {FIRST_CONFIG}",
        "prior_has_no_point": "theta_e_arcsec = 1 where is_prior",
    },
    "stage_config": {
        "experiment_id_says_what_it_is": (
            "experiment_id = 'mine' where tier = 'grid' and stamp_size = 64"
        ),
        "every_tier_size_and_bandset_is_there": (
            "delete from stage_config where tier = 'grid' and stamp_size = 64"
        ),
    },
    "sampled_galaxies": {
        "host_is_a_parent_that_may_be_used": (
            "update sampled_galaxies set objid = 0"
            " where brickid = 1 and objid = (select min(objid) from sampled_galaxies"
            " where brickid = 1)"
        ),
        "region_is_in_the_selection_set": ("delete from region_selections"),
        "config_is_one_of_the_grid": "config_index = 2 where tier = 'train'",
        "every_experiment_has_every_set_and_split": (
            "delete from sampled_galaxies where tier = 'grid' and region_split = 'val'"
        ),
        "no_more_hosts_than_asked_for": (
            "insert into sampled_galaxies select * replace (objid + 1000 as objid)"
            " from sampled_galaxies where tier = 'grid' and region_split = 'val'",
            "host_is_a_parent_that_may_be_used",
        ),
        "share_of_control_hosts_is_as_asked": "is_control_host = false where tier = 'grid'",
        "galaxy_has_one_split": (
            "region_split = 'test' where region_split = 'val' and tier = 'grid'",
            "host_is_a_parent_that_may_be_used",
            "every_experiment_has_every_set_and_split",
            "no_more_hosts_than_asked_for",
            "no_pair_across_splits",
        ),
        "no_pair_across_splits": (
            "update parent_galaxies set ra = there.ra, dec = there.dec from parent_galaxies as there"
            " where parent_galaxies.brickid = 3 and there.brickid = 1 and there.objid = 1"
        ),
    },
    "injection_tasks": {
        "control_has_no_lens_and_no_source": "shear = 0.01 where is_control",
        "experiments_that_ask_for_controls_have_them": (
            "delete from injection_tasks where is_control",
            "every_host_has_its_configs_and_replicates",
        ),
        "src_reff_is_positive": (
            "src_reff_arcsec = -0.1 where render_id in (select render_id from injection_tasks"
            f" {FIRST_GRID_TASK})",
            "grid_parameters_are_those_of_the_config",
        ),
        "src_dmag_is_relative_to_the_lens": f"rmag = rmag + 0.1 {FIRST_TASK}",
        "source_lies_within_reach": f"src_x_arcsec = 2.5 {OF_ONE_RENDER}",
        "proposal_density_is_stored": f"proposal_density_system = 0 {FIRST_TASK}",
        "source_radius_is_drawn_uniformly": (
            "src_x_arcsec = src_x_arcsec / 2, src_y_arcsec = src_y_arcsec / 2"
        ),
        "source_angle_is_drawn_uniformly": (
            "src_x_arcsec = abs(src_x_arcsec), src_y_arcsec = abs(src_y_arcsec)"
        ),
        "src_phi_rad_is_drawn_uniformly": "src_phi_rad = src_phi_rad / 2",
        "shear_phi_rad_is_drawn_uniformly": "shear_phi_rad = shear_phi_rad / 2",
        "lens_phi_rad_is_drawn_uniformly": "lens_phi_rad = lens_phi_rad / 2",
        "every_tier_and_split_has_tasks": (
            "delete from injection_tasks where tier = 'train' and region_split = 'val'",
            "every_host_has_its_configs_and_replicates",
        ),
        "every_host_has_its_configs_and_replicates": f"delete from injection_tasks {FIRST_TASK}",
        "every_config_has_enough_hosts": (
            "delete from injection_tasks"
            " where tier = 'grid' and not is_control and region_split <> 'val'",
            "every_host_has_its_configs_and_replicates",
            "every_tier_and_split_has_tasks",
        ),
        "render_is_one_system": f"src_phi_rad = 0.123 {FIRST_TASK}",
        "galaxy_has_one_split": (
            f"region_split = 'test' {FIRST_TASK[:-1]} and region_split = 'val')",
            "every_host_has_its_configs_and_replicates",
        ),
        "task_is_of_its_experiment": f"stamp_size = 101 {FIRST_TASK}",
        "grid_parameters_are_those_of_the_config": (
            "theta_e_arcsec = 1.5, src_x_arcsec = 0.1, src_y_arcsec = 0.1 where render_id in"
            f" (select render_id from injection_tasks {FIRST_GRID_TASK})"
        ),
        "recoverable_theta_e_arcsec_in_range": f"theta_e_arcsec = 4 {OF_ONE_RENDER}",
        "recoverable_src_r_mag_in_range": (
            f"src_r_mag = src_r_mag + 5, src_dmag = src_dmag + 5 {OF_ONE_RENDER}"
        ),
        "recoverable_src_reff_arcsec_in_range": f"src_reff_arcsec = 0.6 {OF_ONE_RENDER}",
        "recoverable_src_n_in_range": f"src_n = 5 {OF_ONE_RENDER}",
        "recoverable_src_e_in_range": f"src_e = 0.7 {OF_ONE_RENDER}",
        "recoverable_shear_in_range": f"shear = 0.2 {OF_ONE_RENDER}",
        "psf_and_depth_bins_follow_their_edges": f"psf_bin = 3 {FIRST_TASK}",
    },
    "task_bricks": {
        "bricks_are_those_of_the_tasks": (
            "insert into task_bricks select * replace ('9999p002' as brickname, 0 as n_tasks)"
            " from task_bricks limit 1"
        ),
        "every_task_is_counted": "n_tasks = n_tasks + 1",
    },
}

COADDS = {
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

ONE_GOOD = (
    "where task_id = (select min(task_id) from injections where metrics_ok and not is_control)"
)
GOOD_RENDER = (
    "where metrics_ok and render_id ="
    " (select min(render_id) from injections where metrics_ok and not is_control)"
)
CHECKED_RENDER = (
    "where not is_control and render_id = (select render_id from injections"
    " where metrics_ok and not is_control order by md5(render_id) limit 1)"
)
BANDS = ("g", "r", "z")

INJECTIONS = {
    "injections": {
        "reason_where_not_ok": "reason_code = null where not metrics_ok",
        "reason_code_is_known": "reason_code = 'because' where not metrics_ok",
        "metrics_need_a_cutout": "cutout_ok = false where metrics_ok and is_control",
        "no_task_is_at_fault_itself": "reason_code = 'bad_shear' where not metrics_ok",
        "rows_are_the_runnable_tasks": (
            "insert into injections select * replace ('x' as task_id) from injections limit 1"
        ),
        "every_column_of_the_tasks_is_there": "alter table injections drop column zmag",
        "most_tasks_succeed_in_either_class": (
            "metrics_ok = false, reason_code = 'psf_out_of_range' where is_control",
            "controls_and_injections_have_the_same_pixels",
        ),
        "render_is_measured_once": (
            "insert into injections"
            f" select * replace ('x' as task_id, arc_snr * 0.9 as arc_snr) from injections {ONE_GOOD}",
            "rows_are_the_runnable_tasks",
        ),
        "control_measures_no_arc": "magnification = 1 where is_control",
        "control_has_no_lens": "theta_e_arcsec = 0.1 where is_control",
        "controls_and_injections_have_the_same_pixels": (
            "bad_pixel_frac = bad_pixel_frac + 0.5 where is_control",
            "host_has_the_same_bad_pixels_with_and_without_an_arc",
        ),
        "host_has_the_same_bad_pixels_with_and_without_an_arc": (
            "bad_pixel_frac = bad_pixel_frac + 0.001 where is_control and brickid = 2 and objid = 0"
        ),
        **{
            f"psf_of_the_manifest_is_the_brick_mean_{band}": (
                f"psf_fwhm_used_{band} = 1.6 where psf_source_{band} = 'manifest'"
            )
            for band in BANDS
        },
        **{
            f"psf_of_the_map_is_the_catalogue_s_{band}": (
                f"psf_fwhm_used_{band} = 1.6 where psf_source_{band} = 'map'",
                *(("psf_narrows_to_the_red",) if band != "g" else ()),
            )
            for band in BANDS
        },
        **{
            f"psf_comes_from_where_it_should_{band}": f"psf_source_{band} = 'fallback'"
            for band in BANDS
        },
        "psf_narrows_to_the_red": "psf_fwhm_used_z = 1.305 where psf_source_z = 'map'",
        "no_mask_no_fraction": "bad_pixel_frac = 0 where not has_maskbits",
        "host_is_within_half_a_pixel_of_the_centre": (
            "x_pix = stamp_x0_pix + stamp_size / 2 - 1.2 where brickid = 1 and objid = 2"
        ),
        "hosts_are_centred_on_average_x": "x_pix = stamp_x0_pix + stamp_size / 2 - 0.01",
        "hosts_are_centred_on_average_y": "y_pix = stamp_y0_pix + stamp_size / 2 - 0.99",
        "matched_snr_adds_up_over_bands": f"arc_snr_matched_z = 0 {GOOD_RENDER}",
        "matched_snr_is_no_less_than_that_of_a_pixel": (
            f"arc_snr = arc_snr_matched_r * 1.1 {GOOD_RENDER}"
        ),
        "magnification_agrees_with_ray_tracing": (
            "magnification = magnification * 1.1,"
            " total_injected_flux_g_nmgy = total_injected_flux_g_nmgy * 1.1,"
            " total_injected_flux_r_nmgy = total_injected_flux_r_nmgy * 1.1,"
            f" total_injected_flux_z_nmgy = total_injected_flux_z_nmgy * 1.1 {CHECKED_RENDER}"
        ),
        **{
            f"flux_is_that_of_the_source_{band}": (
                f"total_injected_flux_{band}_nmgy = total_injected_flux_{band}_nmgy * 1.2"
                f" {GOOD_RENDER}"
            )
            for band in BANDS
        },
        "mean_magnification_follows_the_drawing_law": (
            "magnification = magnification * 3, stamp_flux_frac = stamp_flux_frac / 3"
            " where not is_control",
            "magnification_agrees_with_ray_tracing",
        ),
        "flux_follows_theta_e_as_the_drawing_law_says": (
            "magnification = magnification * theta_e_arcsec * 4,"
            " stamp_flux_frac = stamp_flux_frac / theta_e_arcsec / 4 where not is_control",
            "magnification_agrees_with_ray_tracing",
            "mean_magnification_follows_the_drawing_law",
        ),
    },
    "stamps": {
        "has_rows_where_called_for": (
            "delete from stamps",
            "stamps_are_those_of_good_cutouts",
            "stamp_less_control_is_the_arc",
        ),
        "stamps_are_those_of_good_cutouts": (
            "task_id = 'x' where task_id = (select min(task_id) from stamps where not is_control)",
            "stamp_less_control_is_the_arc",
        ),
        "there_are_injections": ("delete from injections", "stamps_are_those_of_good_cutouts"),
        "stamp_has_every_pixel": (
            "pixels = pixels[:-2] where render_id = (select min(render_id) from stamps)",
        ),
        "pixels_are_finite": (
            "pixels = list_concat(pixels[:-2], ['inf'::float]) where stamp_size = 96"
        ),
        "stamp_64_is_the_centre_of_stamp_96": (
            "pixels = list_transform(pixels, lambda pixel: (pixel * 1.000001)::float)"
            " where stamp_size = 64"
        ),
        "stamp_less_control_is_the_arc": (
            "pixels = list_transform(pixels, lambda pixel: (pixel * 1.1)::float) where is_control"
        ),
    },
}

FIRST_CELL = "where cube = 'overall' and rule = 'matched_snr'"
EMPTY_CELL = "where cell = 'nowhere'"
NARROW = {
    "wilson": "wilson_low_{0} = completeness_valid_{0} + 0.001",
    "jeffreys": "jeffreys_high_{0} = completeness_valid_{0} - 0.001",
}
QUALITIES = ("all", "clean")

COMPLETENESS = {
    "recoveries": {
        "detected_is_usable": (
            "is_usable = false where is_detected and is_usable_clean and rule = 'matched_snr'"
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
        ),
        "original_rule_is_as_stated": (
            "is_detected = true, is_detected_clean = is_usable_clean, reason_code = null"
            " where is_usable and rule = 'original'"
        ),
    },
    "completeness_cells": {
        **{
            f"recovered_within_valid_within_attempts_{quality}": (
                f"n_attempt = n_valid_{quality} - 1"
                " where cube = 'overall' and rule = 'matched_snr'"
                " and experiment_id = (select min(experiment_id) from completeness_cells)",
                "every_injection_is_attempted_in_every_cube",
                *(("recovered_within_valid_within_attempts_all",) if quality == "clean" else ()),
            )
            for quality in QUALITIES
        },
        "clean_within_all": (
            "n_valid_clean = n_valid_all + 1, n_attempt = n_attempt + 1,"
            " completeness_valid_clean = n_recovered_clean / (n_valid_all + 1),"
            " n_effective_clean = (n_valid_all + 1) / 2, wilson_low_clean = 0,"
            f" jeffreys_low_clean = 0 {FIRST_CELL}",
            "every_injection_is_attempted_in_every_cube",
            "parts_add_up_to_the_whole",
        ),
        **{
            f"completeness_is_recovered_over_valid_{quality}": (
                f"completeness_valid_{quality} = 0 {EMPTY_CELL}"
            )
            for quality in QUALITIES
        },
        **{
            f"completeness_lies_in_its_{kind}_interval_{quality}": (
                f"{change.format(quality)} {FIRST_CELL}"
            )
            for kind, change in NARROW.items()
            for quality in QUALITIES
        },
        **{
            f"hosts_that_repeat_are_known_{quality}": f"design_effect_{quality} = 0.5 {FIRST_CELL}"
            for quality in QUALITIES
        },
        **{
            f"an_empty_cell_says_nothing_{quality}": f"wilson_low_{quality} = 0 {EMPTY_CELL}"
            for quality in QUALITIES
        },
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
        "recovered_within_valid_within_attempts": ("n_valid_clean_total = n_valid_all_total + 1"),
        **{
            f"pooled_lies_in_its_interval_{quality}": (
                f"ci_high_pooled_{quality} = completeness_valid_{quality}_pooled - 0.01"
            )
            for quality in QUALITIES
        },
        "every_injection_is_attempted": "delete from completeness_by_region where n_regions > 0"
        " and resolution_bin = '<0.8' and rule = 'original'",
    },
    "completeness_marginals": {
        "recovered_within_valid_within_attempts_all": (
            "n_attempt = n_valid_all - 1 where axis = 'theta_e_arcsec' and n_valid_all > 0",
            "every_injection_is_attempted_on_every_axis",
        ),
        "recovered_within_valid_within_attempts_clean": (
            "n_recovered_clean = -1 where axis = 'theta_e_arcsec'"
        ),
        "clean_within_all": "n_valid_all = n_recovered_all where rule = 'original'",
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
}

ALL = STAGING | REGIONS | PARENTS | MANIFESTS | COADDS | INJECTIONS | COMPLETENESS
