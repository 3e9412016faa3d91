{{ config(materialized='view') }}
-- The original's table, by its names.
with

cells_of_rules as (
    select * from {{ ref('completeness_cells_wide') }} where cube = 'original'
),

cells_original as (
    select * from cells_of_rules where rule = 'original'
),

cells_snr_only as (
    select * from cells_of_rules where rule = 'snr_only'
),

cells_resolution_only as (
    select * from cells_of_rules where rule = 'resolution_only'
),

completeness_surfaces as (
    select
        cells_original.experiment_id,
        cells_original.region_split,
        cells_original.region_id,
        cells_original.selection_set_id,
        cells_original.ranking_mode,
        cells_original.theta_e_grid_arcsec as theta_e_arcsec,
        cells_original.src_dmag,
        cells_original.src_reff_arcsec,
        cells_original.psf_bin,
        cells_original.depth_bin,
        {{ resolution_label('cells_original.resolution_bin_low', 'cells_original.resolution_bin_high') }}
            as resolution_bin,
        cells_original.n_attempt,
        cells_original.n_valid_all,
        cells_original.n_valid_clean,
        cells_original.n_recovered_all,
        cells_original.n_recovered_clean,
        cells_snr_only.n_recovered_all as n_recovered_snr_only,
        cells_resolution_only.n_recovered_all as n_recovered_res_only,
        cells_original.arc_snr_mean,
        cells_original.arc_snr_p50,
        cells_original.theta_over_psf_mean,
        cells_original.completeness_valid_all,
        cells_original.completeness_valid_clean,
        cells_original.completeness_overall_all,
        cells_original.completeness_overall_clean,
        cells_original.valid_frac_all,
        cells_original.valid_frac_clean,
        cells_original.wilson_low_all as ci_low_valid_all,
        cells_original.wilson_high_all as ci_high_valid_all,
        cells_original.wilson_low_clean as ci_low_valid_clean,
        cells_original.wilson_high_clean as ci_high_valid_clean
    from cells_original
    inner join cells_snr_only using (experiment_id, cell)
    inner join cells_resolution_only using (experiment_id, cell)
)

select * from completeness_surfaces
