with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

task_bricks as (
    select
        experiment_id,
        brickname,
        brickid,
        count(*) as n_tasks,
        count(distinct objid) as n_hosts
    from injection_tasks
    group by experiment_id, brickname, brickid
)

select * from task_bricks
order by experiment_id, brickname
