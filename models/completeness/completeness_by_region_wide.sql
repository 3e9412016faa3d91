{{ config(materialized='view') }}
with

usable as (
    select * from {{ ref('completeness_by_region') }} where quality = 'all'
),

clean as (
    select * from {{ ref('completeness_by_region') }} where quality = 'clean'
),

completeness_by_region_wide as (
    select
        usable.experiment_id,
        usable.rule,
        usable.rule_kind,
        usable.region_split,
        usable.selection_set_id,
        usable.ranking_mode,
        usable.theta_e_arcsec,
        usable.src_dmag,
        usable.src_reff_arcsec,
        usable.psf_bin,
        usable.depth_bin,
        usable.resolution_bin,
        usable.n_regions,
        usable.n_attempt_total,
        usable.n_valid_total as n_valid_all_total,
        usable.n_recovered_total as n_recovered_all_total,
        usable.n_hosts as n_hosts_all,
        usable.completeness_valid_mean as completeness_valid_all_mean,
        usable.completeness_valid_std as completeness_valid_all_std,
        usable.completeness_valid_pooled as completeness_valid_all_pooled,
        usable.ci_low_pooled as ci_low_pooled_all,
        usable.ci_high_pooled as ci_high_pooled_all,
        clean.n_valid_total as n_valid_clean_total,
        clean.n_recovered_total as n_recovered_clean_total,
        clean.n_hosts as n_hosts_clean,
        clean.completeness_valid_mean as completeness_valid_clean_mean,
        clean.completeness_valid_std as completeness_valid_clean_std,
        clean.completeness_valid_pooled as completeness_valid_clean_pooled,
        clean.ci_low_pooled as ci_low_pooled_clean,
        clean.ci_high_pooled as ci_high_pooled_clean,
        usable.arc_snr_mean,
        usable.arc_snr_p50,
        usable.theta_over_psf_mean
    from usable
    inner join clean
        on usable.experiment_id = clean.experiment_id
        and usable.rule = clean.rule
        and usable.region_split is not distinct from clean.region_split
        and usable.selection_set_id is not distinct from clean.selection_set_id
        and usable.ranking_mode is not distinct from clean.ranking_mode
        and usable.theta_e_arcsec is not distinct from clean.theta_e_arcsec
        and usable.src_dmag is not distinct from clean.src_dmag
        and usable.src_reff_arcsec is not distinct from clean.src_reff_arcsec
        and usable.psf_bin is not distinct from clean.psf_bin
        and usable.depth_bin is not distinct from clean.depth_bin
        and usable.resolution_bin is not distinct from clean.resolution_bin
)

select * from completeness_by_region_wide
