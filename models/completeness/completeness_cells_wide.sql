{{ config(materialized='view') }}
with

usable as (
    select
        {{ all_but_measures() }},
        {{ measures_of('all') }}
    from {{ ref('completeness_cells') }}
    where quality = 'all'
),

clean as (
    select
        cube,
        experiment_id,
        cell,
        rule,
        {{ measures_of('clean') }}
    from {{ ref('completeness_cells') }}
    where quality = 'clean'
),

completeness_cells_wide as (
    select
        usable.* exclude (arc_snr_mean, arc_snr_p50, theta_over_psf_mean),
        clean.* exclude (cube, experiment_id, cell, rule),
        usable.arc_snr_mean,
        usable.arc_snr_p50,
        usable.theta_over_psf_mean
    from usable
    inner join clean using (cube, experiment_id, cell, rule)
)

select * from completeness_cells_wide
