{{ config(materialized='view') }}
with

injections as (
    select * from {{ ref('injections') }}
),

task_outcomes as (
    select * from {{ ref('task_outcomes') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

recoveries as (
    select
        injections.task_id,
        recovery_thresholds.rule,
        injections.experiment_id,
        recovery_thresholds.rule_kind,
        injections.is_control,
        {{ is_usable('task_outcomes.outcome', 'recovery_thresholds.rule_number') }} as is_usable,
        is_usable and task_outcomes.is_clean as is_usable_clean,
        {{ is_detected('task_outcomes.outcome', 'recovery_thresholds.rule_number') }} as is_detected,
        is_detected and task_outcomes.is_clean as is_detected_clean,
        case
            when is_detected then null
            when not coalesce(injections.cutout_ok, false)
                then coalesce(injections.reason_code, 'cutout_not_ok')
            when
                recovery_thresholds.rule_kind <> 'finder' and not coalesce(injections.metrics_ok, false)
                then coalesce(injections.reason_code, 'metrics_not_ok')
            when recovery_thresholds.threshold is null then recovery_thresholds.reason_code
            when injections.is_control and recovery_thresholds.rule_kind = 'detectability'
                then 'control_has_no_arc'
            when not is_usable then 'statistic_missing'
            when
                recovery_thresholds.theta_over_psf_minimum is not null
                and task_outcomes.theta_over_psf_seen < recovery_thresholds.theta_over_psf_minimum
                then 'unresolved'
            else 'below_threshold'
        end as reason_code
    from task_outcomes
    inner join injections using (task_id)
    inner join recovery_thresholds using (experiment_id)
)

select * from recoveries
