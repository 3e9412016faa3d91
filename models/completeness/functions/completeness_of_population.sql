{{ config(
    materialized='lake_function',
    parameters="population, chosen_rule := 'original', chosen_quality := 'clean'",
) }}
with

members as (
    select
        theta_e_arcsec::double as theta_e_arcsec,
        psf_fwhm_arcsec::double as psf_fwhm_arcsec,
        psfdepth_r::double as psfdepth_r,
        case
            when isfinite(weight::double) and weight >= 0 then weight::double
            else error('a weight of the population is negative, NaN or null')
        end as weight
    from query_table(population)
),

cells as (
    select *
    from {{ ref('completeness_cells') }}
    where cube = 'theta_e_psf_depth' and rule = chosen_rule and quality = {{ known_quality() }}
),

experiments as (
    select distinct experiment_id from cells
),

-- A member outside all cells stays, without hosts.
shares as (
    select
        experiments.experiment_id,
        sum(members.weight) as share,
        coalesce(any_value(cells.n_hosts), 0) as n_hosts,
        any_value(cells.n_effective) as n_effective,
        any_value(cells.completeness_valid) as completeness
    from members
    cross join experiments
    left join cells
        on experiments.experiment_id = cells.experiment_id
        and members.theta_e_arcsec >= cells.theta_e_arcsec_low
        and members.theta_e_arcsec < cells.theta_e_arcsec_high
        and members.psf_fwhm_arcsec >= cells.psf_fwhm_arcsec_low
        and members.psf_fwhm_arcsec < cells.psf_fwhm_arcsec_high
        and members.psfdepth_r >= cells.psfdepth_r_mag_low
        and members.psfdepth_r < cells.psfdepth_r_mag_high
    group by experiments.experiment_id, cells.cell
),

{{ mixture_of_cells('experiment_id') }}

select * from mixture_of_cells
order by experiment_id
