{{ config(materialized='view') }}
with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

render_stamps as (
    select * from {{ ref('render_stamps') }}
),

manifest as (
    {{ measured_systems_are_current() | indent(4) }}
),

stamps as (
    select
        injection_tasks.task_id,
        injection_tasks.experiment_id,
        injection_tasks.render_id,
        injection_tasks.region_split,
        injection_tasks.is_control,
        injection_tasks.stamp_size,
        injection_tasks.bandset,
        render_stamps.pixels
    from injection_tasks
    inner join manifest on manifest.is_current
    inner join render_stamps
        on
            injection_tasks.experiment_id = render_stamps.experiment_id
            and injection_tasks.render_id = render_stamps.render_id
            and injection_tasks.stamp_size = render_stamps.stamp_size
            and injection_tasks.bandset = render_stamps.bandset
)

select * from stamps
