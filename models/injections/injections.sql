{{ config(materialized='view') }}
with

runnable_tasks as (
    select * from {{ ref('runnable_tasks') }}
),

injection_metrics as (
    select * from {{ ref('injection_metrics') }}
),

manifest as (
    {{ measured_systems_are_current() | indent(4) }}
),

-- A task that became runnable since the stage ran is a row too, with a reason.
injections as (
    select
        runnable_tasks.*,
        injection_metrics.* exclude (render_id, bandset, stamp_size) replace (
            coalesce(injection_metrics.cutout_ok, false) as cutout_ok,
            coalesce(injection_metrics.metrics_ok, false) as metrics_ok,
            case
                when injection_metrics.render_id is null then 'not_run'
                else injection_metrics.reason_code
            end as reason_code
        )
    from runnable_tasks
    inner join manifest on manifest.is_current
    left join injection_metrics
        on
            runnable_tasks.render_id = injection_metrics.render_id
            and runnable_tasks.bandset = injection_metrics.bandset
            and runnable_tasks.stamp_size = injection_metrics.stamp_size
)

select * from injections
