with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

experiment_counts as (
    select
        experiment_id,
        any_value(tier) as tier,
        any_value(stamp_size) as stamp_size,
        any_value(bandset) as bandset,
        count(*) as n_tasks,
        count(*) filter (where is_control) as n_controls,
        count(*) filter (where not is_control) as n_injections,
        count(distinct brickid::bigint * 4294967296 + objid) as n_hosts
    from injection_tasks
    group by experiment_id
),

-- Share of an experiment in the injections of all tiers, for those who pool them: the pooled
-- proposal density is the sum of the tiers' densities by these weights.
experiment_mixture as (
    select
        *,
        n_injections / sum(n_injections) over (partition by stamp_size, bandset) as mixture_weight
    from experiment_counts
)

select * from experiment_mixture
order by experiment_id
