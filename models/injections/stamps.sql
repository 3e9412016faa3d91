{{ config(materialized='view') }}
with

injections as (
    select * from {{ ref('injections') }}
),

render_stamps as (
    select * from {{ ref('render_stamps') }}
),

stamps as (
    select
        injections.task_id,
        injections.experiment_id,
        injections.render_id,
        injections.region_split,
        injections.is_control,
        injections.stamp_size,
        injections.bandset,
        render_stamps.pixels
    from injections
    inner join render_stamps
        on
            injections.experiment_id = render_stamps.experiment_id
            and injections.render_id = render_stamps.render_id
            and injections.stamp_size = render_stamps.stamp_size
            and injections.bandset = render_stamps.bandset
)

select * from stamps
