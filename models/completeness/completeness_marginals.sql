{{ config(materialized='view') }}
with

completeness_cells as (
    select * from {{ ref('completeness_cells') }}
),

axes as (
    select * from {{ ref('completeness_axes') }} where has_marginal
),

bins_of_axes as (
    select
        axes.axis,
        completeness_bins.bin::varchar as cell,
        completeness_bins.value,
        case when axes.sql_type <> 'varchar' then try_cast(completeness_bins.value as double) end as number,
        coalesce(completeness_bins.low, number) as low,
        coalesce(completeness_bins.high, number) as high
    from axes
    inner join {{ ref('completeness_bins') }} as completeness_bins using (axis)
),

-- The cube of one axis is called after it, and the key of a cell is the number of its bin.
completeness_marginals as (
    select
        axes.axis,
        bins_of_axes.low,
        bins_of_axes.high,
        bins_of_axes.value,
        completeness_cells.experiment_id,
        completeness_cells.cell,
        completeness_cells.rule,
        completeness_cells.quality,
        completeness_cells.rule_kind,
        completeness_cells.n_attempt,
        completeness_cells.n_valid,
        completeness_cells.n_recovered,
        completeness_cells.n_hosts,
        completeness_cells.valid_frac,
        completeness_cells.completeness_valid,
        completeness_cells.completeness_overall,
        completeness_cells.design_effect,
        completeness_cells.n_effective,
        completeness_cells.wilson_low,
        completeness_cells.wilson_high,
        completeness_cells.jeffreys_low,
        completeness_cells.jeffreys_high,
        completeness_cells.bootstrap_low,
        completeness_cells.bootstrap_high,
        completeness_cells.n_controls,
        completeness_cells.chance_fraction,
        completeness_cells.chance_corrected,
        completeness_cells.chance_corrected_low,
        completeness_cells.chance_corrected_high,
        completeness_cells.arc_snr_mean,
        completeness_cells.arc_snr_p50,
        completeness_cells.theta_over_psf_mean
    from completeness_cells
    inner join axes on completeness_cells.cube = 'by_' || axes.axis
    left join bins_of_axes
        on axes.axis = bins_of_axes.axis and completeness_cells.cell = bins_of_axes.cell
)

select * from completeness_marginals
