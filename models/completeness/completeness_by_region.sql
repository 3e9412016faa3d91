with

completeness_cells as (
    select * from {{ ref('completeness_cells') }} where cube in ('original', 'original_over_regions')
),

-- A place over regions is one cell of the second cube, and one cell per region of the first.
completeness_by_region as (
    select
        experiment_id,
        rule,
        quality,
        any_value(rule_kind) as rule_kind,
        region_split,
        selection_set_id,
        ranking_mode,
        theta_e_grid_arcsec as theta_e_arcsec,
        src_dmag,
        src_reff_arcsec,
        psf_bin,
        depth_bin,
        {{ resolution_label('resolution_bin_low', 'resolution_bin_high') }} as resolution_bin,
        count(*) filter (where cube = 'original' and n_attempt > 0) as n_regions,
        any_value(n_attempt) filter (where cube = 'original_over_regions') as n_attempt_total,
        any_value(n_valid) filter (where cube = 'original_over_regions') as n_valid_total,
        any_value(n_recovered) filter (where cube = 'original_over_regions') as n_recovered_total,
        any_value(n_hosts) filter (where cube = 'original_over_regions') as n_hosts,
        avg(completeness_valid) filter (where cube = 'original') as completeness_valid_mean,
        stddev_samp(completeness_valid) filter (where cube = 'original') as completeness_valid_std,
        any_value(completeness_valid) filter (where cube = 'original_over_regions')
            as completeness_valid_pooled,
        any_value(wilson_low) filter (where cube = 'original_over_regions') as ci_low_pooled,
        any_value(wilson_high) filter (where cube = 'original_over_regions') as ci_high_pooled,
        any_value(arc_snr_mean) filter (where cube = 'original_over_regions') as arc_snr_mean,
        any_value(arc_snr_p50) filter (where cube = 'original_over_regions') as arc_snr_p50,
        any_value(theta_over_psf_mean) filter (where cube = 'original_over_regions')
            as theta_over_psf_mean
    from completeness_cells
    group by
        experiment_id,
        rule,
        quality,
        region_split,
        selection_set_id,
        ranking_mode,
        theta_e_grid_arcsec,
        src_dmag,
        src_reff_arcsec,
        psf_bin,
        depth_bin,
        resolution_bin_low,
        resolution_bin_high
    having bool_or(cube = 'original_over_regions')
)

select * from completeness_by_region
