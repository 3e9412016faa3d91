{{ config(
    materialized='lake_function',
    parameters="chosen_rule := 'original', chosen_quality := 'clean', weighted_by := 'parents'",
) }}
with

cells as (
    select *
    from {{ ref('completeness_cells') }}
    where cube = 'theta_e_psf_depth' and rule = chosen_rule and quality = {{ known_quality() }}
),

footprint as (
    select * from {{ ref('completeness_footprint') }}
),

theta_bins as (
    select
        experiment_id,
        theta_e_arcsec_low,
        theta_e_arcsec_high
    from cells
    where theta_e_arcsec_low is not null
    group by experiment_id, theta_e_arcsec_low, theta_e_arcsec_high
    having sum(n_attempt) > 0
),

shares as (
    select
        theta_bins.*,
        case weighted_by
            when 'parents' then footprint.n_parents::double
            when 'area' then footprint.area_deg2
            else error('weighted_by is parents or area, not ' || weighted_by)
        end as share,
        coalesce(cells.n_hosts, 0) as n_hosts,
        cells.n_effective,
        cells.completeness_valid as completeness
    from theta_bins
    cross join footprint
    left join cells
        on theta_bins.experiment_id = cells.experiment_id
        and theta_bins.theta_e_arcsec_low = cells.theta_e_arcsec_low
        and footprint.psf_fwhm_arcsec_low = cells.psf_fwhm_arcsec_low
        and footprint.psfdepth_r_mag_low = cells.psfdepth_r_mag_low
),

{{ mixture_of_cells('experiment_id, theta_e_arcsec_low, theta_e_arcsec_high') }}

select * from mixture_of_cells
order by experiment_id, theta_e_arcsec_low
