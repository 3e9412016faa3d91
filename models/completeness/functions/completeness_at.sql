{{ config(
    materialized='lake_function',
    parameters="theta_e, psf_fwhm := 'any', depth := 'any', chosen_rule := 'original', chosen_quality := 'clean'",
) }}
select
    experiment_id,
    rule,
    rule_kind,
    theta_e_arcsec_low,
    theta_e_arcsec_high,
    psf_fwhm_arcsec_low,
    psf_fwhm_arcsec_high,
    psfdepth_r_mag_low,
    psfdepth_r_mag_high,
    completeness_valid as completeness,
    wilson_low,
    wilson_high,
    jeffreys_low,
    jeffreys_high,
    chance_corrected,
    valid_frac as usable_share,
    n_attempt,
    n_valid,
    n_recovered,
    n_hosts,
    n_effective
from {{ ref('completeness_cells') }}
where
    rule = chosen_rule
    and quality = {{ known_quality() }}
    and cube = case
        when psf_fwhm::varchar = 'any' and depth::varchar = 'any' then 'by_theta_e_arcsec'
        when depth::varchar = 'any' then 'theta_e_psf'
        when psf_fwhm::varchar = 'any' then 'theta_e_depth'
        else 'theta_e_psf_depth'
    end
    and theta_e >= theta_e_arcsec_low
    and theta_e < theta_e_arcsec_high
    and (
        psf_fwhm::varchar = 'any'
        or (
            try_cast(psf_fwhm as double) >= psf_fwhm_arcsec_low
            and try_cast(psf_fwhm as double) < psf_fwhm_arcsec_high
        )
    )
    and (
        depth::varchar = 'any'
        or (
            try_cast(depth as double) >= psfdepth_r_mag_low
            and try_cast(depth as double) < psfdepth_r_mag_high
        )
    )
