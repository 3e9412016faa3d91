{#-
    What each tier needs here, from the runs so far. Times differ from run to run by nature, so they
    are not in injection_gates.
-#}
-- depends_on: {{ ref('injections') }}
with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

injection_gates as (
    select * from {{ ref('injection_gates') }}
),

runs as (
    select
        sum(n_workers * seconds) / sum(n_renders) as core_seconds_per_render,
        sum(seconds) / sum(n_renders) as seconds_per_render,
        sum(stamp_bytes) / nullif(sum(n_stamps), 0) as bytes_per_stamp
    from {{ this.database }}.{{ this.schema }}.injection_runs
),

work_by_tier as (
    select
        tier,
        count(*) as n_tasks,
        count(distinct concat_ws(' ', render_id, bandset)) as n_renders,
        count(distinct concat_ws(' ', render_id, experiment_id)) as n_stamps
    from injection_tasks
    group by tier
),

verdicts as (
    select
        next_tier as tier,
        bool_and(is_go) as is_go
    from injection_gates
    where next_tier is not null
    group by next_tier
),

injection_forecast as (
    select
        work_by_tier.tier,
        verdicts.is_go,
        work_by_tier.n_tasks,
        work_by_tier.n_renders,
        work_by_tier.n_stamps,
        work_by_tier.n_renders * runs.seconds_per_render as seconds_here,
        work_by_tier.n_renders * runs.core_seconds_per_render as core_seconds,
        work_by_tier.n_stamps * runs.bytes_per_stamp as stamp_bytes
    from work_by_tier
    cross join runs
    left join verdicts on work_by_tier.tier = verdicts.tier
)

select * from injection_forecast
order by tier
