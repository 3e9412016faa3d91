-- Every task is counted on its brick, and those that coadd_bricks calls runnable are the rows of
-- runnable_tasks, no more and no fewer.
with

coadd_bricks as (
    select * from {{ ref('coadd_bricks') }}
),

counted as (
    select
        coalesce(sum(n_tasks), 0)::bigint as n_tasks,
        coalesce(sum(n_runnable_tasks), 0)::bigint as n_runnable_tasks
    from coadd_bricks
),

expected as (
    select
        (select count(*) from {{ ref('injection_tasks') }}) as n_tasks,
        (select count(*) from {{ ref('runnable_tasks') }}) as n_runnable_tasks
)

select
    counted.n_tasks as n_tasks_counted,
    expected.n_tasks,
    counted.n_runnable_tasks as n_runnable_tasks_counted,
    expected.n_runnable_tasks
from counted
cross join expected
where
    counted.n_tasks != expected.n_tasks
    or counted.n_runnable_tasks != expected.n_runnable_tasks
