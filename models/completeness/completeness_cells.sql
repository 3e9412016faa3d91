-- Its suite counts the recoveries, so they come first.
-- depends_on: {{ ref('recoveries') }}
with

completeness_grid as (
    select * from {{ ref('completeness_grid') }}
),

rules as (
    select * from {{ ref('rules_of_cubes') }}
),

completeness_signal as (
    select * from {{ ref('completeness_signal') }}
),

completeness_intervals as (
    select * from {{ ref('completeness_intervals') }}
),

qualities as (
    select unnest(['all', 'clean']) as quality
),

injected as (
    select * from completeness_intervals where not is_control
),

controls as (
    select
        cube as control_cube,
        experiment_number,
        cell as control_cell,
        rule_number,
        quality,
        n_valid as n_controls,
        share as chance_fraction,
        wilson_low as chance_low,
        wilson_high as chance_high
    from completeness_intervals
    where is_control
),

completeness_cells as (
    select
        completeness_grid.cube,
        rules.experiment_id,
        completeness_grid.cell,
        rules.rule,
        qualities.quality,
        rules.rule_kind,
        completeness_grid.* exclude (cube, only_rule_kind, experiment_number, cell, control_cube, control_cell),
        coalesce(completeness_signal.n_attempt, 0) as n_attempt,
        coalesce(injected.n_valid, 0) as n_valid,
        coalesce(injected.n_recovered, 0) as n_recovered,
        coalesce(injected.n_hosts, 0) as n_hosts,
        coalesce(injected.n_valid, 0) / nullif(completeness_signal.n_attempt, 0) as valid_frac,
        injected.share as completeness_valid,
        coalesce(injected.n_recovered, 0) / nullif(completeness_signal.n_attempt, 0)
            as completeness_overall,
        injected.design_effect,
        coalesce(injected.n_effective, 0) as n_effective,
        injected.wilson_low,
        injected.wilson_high,
        coalesce(injected.jeffreys_low, 0) as jeffreys_low,
        coalesce(injected.jeffreys_high, 1) as jeffreys_high,
        injected.bootstrap_low,
        injected.bootstrap_high,
        coalesce(controls.n_controls, 0) as n_controls,
        controls.chance_fraction,
        {{ chance_corrected('injected', 'controls') }} as chance_corrected,
        {{ chance_corrected_bound('injected', 'controls', '-') }} as chance_corrected_low,
        {{ chance_corrected_bound('injected', 'controls', '+') }} as chance_corrected_high,
        completeness_signal.arc_snr_mean,
        completeness_signal.arc_snr_p50,
        completeness_signal.theta_over_psf_mean
    from completeness_grid
    inner join rules
        on completeness_grid.cube = rules.cube
        and completeness_grid.experiment_number = rules.experiment_number
    cross join qualities
    left join completeness_signal
        on completeness_grid.cube = completeness_signal.cube
        and completeness_grid.experiment_number = completeness_signal.experiment_number
        and completeness_grid.cell = completeness_signal.cell
    left join injected
        on completeness_grid.cube = injected.cube
        and completeness_grid.experiment_number = injected.experiment_number
        and completeness_grid.cell = injected.cell
        and rules.rule_number = injected.rule_number
        and qualities.quality = injected.quality
    left join controls
        on completeness_grid.control_cube = controls.control_cube
        and completeness_grid.experiment_number = controls.experiment_number
        and completeness_grid.control_cell = controls.control_cell
        and rules.rule_number = controls.rule_number
        and qualities.quality = controls.quality
)

select * from completeness_cells
