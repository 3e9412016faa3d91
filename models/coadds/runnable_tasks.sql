{{ config(materialized='view') }}
with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

runnable_bricks as (
    select brickname from {{ ref('coadd_bricks') }}
    where
        is_cached
        and not is_blacklisted
),

-- What is left out is counted in coadd_bricks: n_tasks less n_runnable_tasks.
runnable_tasks as (
    select injection_tasks.*
    from injection_tasks
    inner join runnable_bricks on injection_tasks.brickname = runnable_bricks.brickname
)

select * from runnable_tasks
