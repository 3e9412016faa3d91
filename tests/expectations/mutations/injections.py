"""What breaks the suites of `injections`."""

IS_CONTROL = "ends_with(render_id, '/CONTROL/0')"
GOOD_RENDER = (
    "where metrics_ok and render_id ="
    f" (select min(render_id) from injection_metrics where metrics_ok and not {IS_CONTROL})"
)
GOOD_PRIOR_RENDER = (
    "where metrics_ok and render_id = (select min(render_id) from injection_metrics"
    " where metrics_ok and contains(render_id, '/recoverable/'))"
)
CHECKED_RENDER = (
    "where render_id = (select render_id from injection_metrics"
    f" where metrics_ok and not {IS_CONTROL} order by md5(render_id) limit 1)"
)
OF_CONTROL = "render_id in (select render_id from injections where is_control)"
BANDS = ("g", "r", "z")

CHANGES = {
    "injection_metrics": {
        "reason_where_not_ok": "reason_code = null where not metrics_ok",
        "reason_code_is_known": "reason_code = 'because' where not metrics_ok",
        "metrics_need_a_cutout": f"cutout_ok = false where metrics_ok and {IS_CONTROL}",
        "no_render_is_at_fault_itself": "reason_code = 'bad_shear' where not metrics_ok",
        "renders_are_those_of_the_runnable_tasks": "delete from runnable_tasks where is_control",
        "control_measures_no_arc": f"magnification = 1 where {IS_CONTROL}",
        "controls_and_injections_have_the_same_pixels": (
            f"bad_pixel_frac = bad_pixel_frac + 0.5 where {IS_CONTROL}",
            "host_has_the_same_bad_pixels_with_and_without_an_arc",
        ),
        "host_has_the_same_bad_pixels_with_and_without_an_arc": (
            "bad_pixel_frac = bad_pixel_frac + 0.001 where render_id = '2/0/CONTROL/0'"
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
            "x_pix = stamp_x0_pix + stamp_size / 2 - 1.2 where starts_with(render_id, '1/2/')"
        ),
        "hosts_are_centred_on_average_x": "x_pix = stamp_x0_pix + stamp_size / 2 - 0.01",
        "hosts_are_centred_on_average_y": "y_pix = stamp_y0_pix + stamp_size / 2 - 0.99",
        "matched_snr_adds_up_over_bands": f"arc_snr_matched_z = 0 {GOOD_RENDER}",
        "matched_snr_is_no_less_than_that_of_a_pixel": (
            f"arc_snr = arc_snr_matched_r * 1.1 {GOOD_RENDER}"
        ),
        "magnification_agrees_with_ray_tracing": (
            "magnification = magnification * 1.1, flux_closure = flux_closure / 1.1,"
            " flux_error_flag = true,"
            " total_injected_flux_g_nmgy = total_injected_flux_g_nmgy * 1.1,"
            " total_injected_flux_r_nmgy = total_injected_flux_r_nmgy * 1.1,"
            f" total_injected_flux_z_nmgy = total_injected_flux_z_nmgy * 1.1 {CHECKED_RENDER}"
        ),
        "rendered_flux_agrees_with_ray_tracing": (
            f"flux_closure = 0.9, flux_error_flag = true {CHECKED_RENDER}"
        ),
        "rendered_flux_is_within_the_budget_to_n_1": (f"flux_closure = 1.006 {GOOD_RENDER}"),
        "rendered_flux_is_within_the_budget_to_n_4": (f"flux_closure = 1.016 {GOOD_PRIOR_RENDER}"),
        **{
            f"flux_is_that_of_the_source_{band}": (
                f"total_injected_flux_{band}_nmgy = total_injected_flux_{band}_nmgy * 1.2"
                f" {GOOD_RENDER}"
            )
            for band in BANDS
        },
        "mean_magnification_follows_the_drawing_law": (
            "magnification = magnification * 3, stamp_flux_frac = stamp_flux_frac / 3"
            f" where not {IS_CONTROL}",
            "magnification_agrees_with_ray_tracing",
            "rendered_flux_agrees_with_ray_tracing",
        ),
        "flux_follows_theta_e_as_the_drawing_law_says": (
            "update injection_metrics set magnification = magnification * theta_e_arcsec * 4,"
            " stamp_flux_frac = stamp_flux_frac / theta_e_arcsec / 4 from systems"
            " where injection_metrics.render_id = systems.render_id and not systems.is_control",
            "magnification_agrees_with_ray_tracing",
            "rendered_flux_agrees_with_ray_tracing",
            "mean_magnification_follows_the_drawing_law",
        ),
    },
    "injections": {
        "rows_are_the_runnable_tasks": (
            "insert into injections select * replace ('x' as task_id) from injections limit 1"
        ),
        "every_task_was_run": (
            "reason_code = 'not_run' where task_id = (select min(task_id) from injections)"
        ),
        "every_column_of_tasks_and_metrics_is_there": "alter table injections drop column zmag",
        "most_tasks_succeed_in_either_class": "metrics_ok = false where is_control",
    },
    "render_stamps": {
        "has_rows_where_called_for": (
            "delete from render_stamps",
            "stamps_are_those_of_the_injections",
            "stamp_less_control_is_the_arc",
        ),
        "stamps_are_those_of_the_injections": (
            "part_id = 'another' where render_id = (select min(render_id) from render_stamps)"
        ),
        "stamp_has_every_pixel": ("pixels = pixels[:-2]", "control_is_the_host_exactly"),
        "pixels_are_finite": (
            "pixels = list_concat(pixels[:-2], ['inf'::float])"
            f" where stamp_size = 96 and not {OF_CONTROL}"
        ),
        "stamp_64_is_the_centre_of_stamp_96": (
            "pixels = list_transform(pixels, lambda pixel: (pixel * 1.000001)::float)"
            f" where stamp_size = 64 and not {OF_CONTROL}"
        ),
        "control_is_the_host_exactly": (
            "pixels = list_transform(pixels, lambda pixel: (pixel * 1.000001)::float)"
            f" where {OF_CONTROL}"
        ),
        "stamp_less_control_is_the_arc": (
            f"pixels = list_transform(pixels, lambda pixel: (pixel * 1.1)::float) where {OF_CONTROL}",
            "control_is_the_host_exactly",
        ),
    },
    "stamps": {
        "has_rows_where_called_for": (
            "delete from stamps",
            "stamps_are_those_of_good_cutouts",
        ),
        "stamps_are_those_of_good_cutouts": (
            "task_id = 'x' where task_id = (select min(task_id) from stamps where not is_control)"
        ),
        "there_are_injections": ("delete from injections", "stamps_are_those_of_good_cutouts"),
    },
    "injection_gates": {
        "every_tier_has_every_gate": (
            "delete from injection_gates where tier = 'grid' and gate = 'mask_known'"
        ),
        "verdict_follows_from_the_value": "is_go = true where gate = 'mask_known'",
        "tiers_lead_to_the_next": "next_tier = 'grid' where tier = 'grid'",
        "tasks_are_those_of_the_injections": "n_tasks = n_tasks + 1",
        "task_success_is_that_of_the_injections": (
            "value = value - 1e-6 where gate = 'task_success'"
        ),
        "metrics_success_is_that_of_the_injections": (
            "value = value - 1e-6 where gate = 'metrics_success'"
        ),
        "unexplained_failures_is_that_of_the_injections": (
            "value = 1, is_go = false where gate = 'unexplained_failures'"
        ),
        "control_arcs_is_that_of_the_injections": (
            "value = null, is_go = false where gate = 'control_arcs'"
        ),
        "lowest_magnification_is_that_of_the_injections": (
            "value = value + 0.1 where gate = 'lowest_magnification'"
        ),
        "worst_flux_closure_is_that_of_the_injections": (
            "value = value / 2 where gate = 'worst_flux_closure'"
        ),
        "registration_pix_is_that_of_the_injections": (
            "value = value / 2 where gate = 'registration_pix'"
        ),
    },
    "injection_forecast": {
        "tiers_are_those_with_tasks": "tier = 'x' where tier = 'grid'",
        "tasks_are_counted_once": "n_tasks = n_tasks + 1",
        "no_more_renders_than_tasks": "n_renders = n_tasks + 1",
        "time_and_space_are_known": "seconds_here = 0",
        "verdict_is_that_of_the_gates_before": "is_go = false where tier = 'train'",
    },
}
