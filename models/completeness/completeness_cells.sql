{{ config(post_hook="{{ completeness_queries() }}") }}
-- depends_on: {{ ref('injections') }}, {{ ref('recoveries') }}, {{ ref('completeness_footprint') }}
-- depends_on: {{ ref('known_lens_parents') }}, {{ ref('task_outcomes') }}, {{ ref('completeness_bins') }}
with

completeness_grid as (
    select * from {{ ref('completeness_grid') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

completeness_signal as (
    select * from {{ ref('completeness_signal') }}
),

completeness_intervals as (
    select * from {{ ref('completeness_intervals') }}
),
{%- for quality in ['all', 'clean'] %}

injections_{{ quality }} as (
    select * from completeness_intervals where not is_control and quality = '{{ quality }}'
),

controls_{{ quality }} as (
    select
        cube as control_cube,
        experiment_number,
        cell as control_cell,
        rule_bit,
        n_valid as n_controls,
        share as chance_fraction,
        wilson_low as chance_low,
        wilson_high as chance_high
    from completeness_intervals
    where is_control and quality = '{{ quality }}'
),
{%- endfor %}

cells as (
    select
        completeness_grid.cube,
        recovery_thresholds.experiment_id,
        completeness_grid.cell,
        recovery_thresholds.rule,
        recovery_thresholds.rule_kind,
        completeness_grid.* exclude (cube, only_rule_kind, experiment_number, cell, control_cube, control_cell),
        coalesce(completeness_signal.n_attempt, 0) as n_attempt
        {%- for quality in ['all', 'clean'] %},
        coalesce(injections_{{ quality }}.n_valid, 0) as n_valid_{{ quality }},
        coalesce(injections_{{ quality }}.n_recovered, 0) as n_recovered_{{ quality }},
        coalesce(injections_{{ quality }}.n_hosts, 0) as n_hosts_{{ quality }},
        n_valid_{{ quality }} / nullif(completeness_signal.n_attempt, 0) as valid_frac_{{ quality }},
        injections_{{ quality }}.share as completeness_valid_{{ quality }},
        n_recovered_{{ quality }} / nullif(completeness_signal.n_attempt, 0) as completeness_overall_{{ quality }},
        injections_{{ quality }}.design_effect as design_effect_{{ quality }},
        coalesce(injections_{{ quality }}.n_effective, 0) as n_effective_{{ quality }},
        injections_{{ quality }}.wilson_low as wilson_low_{{ quality }},
        injections_{{ quality }}.wilson_high as wilson_high_{{ quality }},
        coalesce(injections_{{ quality }}.jeffreys_low, 0) as jeffreys_low_{{ quality }},
        coalesce(injections_{{ quality }}.jeffreys_high, 1) as jeffreys_high_{{ quality }},
        injections_{{ quality }}.bootstrap_low as bootstrap_low_{{ quality }},
        injections_{{ quality }}.bootstrap_high as bootstrap_high_{{ quality }},
        coalesce(controls_{{ quality }}.n_controls, 0) as n_controls_{{ quality }},
        controls_{{ quality }}.chance_fraction as chance_fraction_{{ quality }},
        {{ chance_corrected('injections_' ~ quality, 'controls_' ~ quality) }}
            as chance_corrected_{{ quality }},
        {{ chance_corrected_bound('injections_' ~ quality, 'controls_' ~ quality, '-') }}
            as chance_corrected_low_{{ quality }},
        {{ chance_corrected_bound('injections_' ~ quality, 'controls_' ~ quality, '+') }}
            as chance_corrected_high_{{ quality }}
        {%- endfor %},
        completeness_signal.arc_snr_mean,
        completeness_signal.arc_snr_p50,
        completeness_signal.theta_over_psf_mean
    from completeness_grid
    inner join recovery_thresholds
        on completeness_grid.experiment_number = recovery_thresholds.experiment_number
        and coalesce(completeness_grid.only_rule_kind, recovery_thresholds.rule_kind)
        = recovery_thresholds.rule_kind
    left join completeness_signal
        on completeness_grid.cube = completeness_signal.cube
        and completeness_grid.experiment_number = completeness_signal.experiment_number
        and completeness_grid.cell = completeness_signal.cell
    {%- for quality in ['all', 'clean'] %}
    left join injections_{{ quality }}
        on completeness_grid.cube = injections_{{ quality }}.cube
        and completeness_grid.experiment_number = injections_{{ quality }}.experiment_number
        and completeness_grid.cell = injections_{{ quality }}.cell
        and recovery_thresholds.rule_bit = injections_{{ quality }}.rule_bit
    left join controls_{{ quality }}
        on completeness_grid.control_cube = controls_{{ quality }}.control_cube
        and completeness_grid.experiment_number = controls_{{ quality }}.experiment_number
        and completeness_grid.control_cell = controls_{{ quality }}.control_cell
        and recovery_thresholds.rule_bit = controls_{{ quality }}.rule_bit
    {%- endfor %}
)

select * from cells
