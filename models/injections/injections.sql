{{ config(materialized='view') }}
with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

injection_metrics as (
    select * from {{ ref('injection_metrics') }}
),

injections as (
    select
        injection_tasks.*,
        injection_metrics.* exclude (render_id, bandset, stamp_size)
    from injection_tasks
    inner join injection_metrics
        on
            injection_tasks.render_id = injection_metrics.render_id
            and injection_tasks.bandset = injection_metrics.bandset
            and injection_tasks.stamp_size = injection_metrics.stamp_size
)

select * from injections
