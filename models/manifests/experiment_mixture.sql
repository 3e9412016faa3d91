with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

stage_config as (
    select * from {{ ref('stage_config') }}
),

task_counts as (
    select
        experiment_id,
        count(*) as n_tasks,
        count(*) filter (where is_control) as n_controls,
        count(*) filter (where not is_control) as n_injections,
        count(distinct brickid::bigint * 4294967296 + objid) as n_hosts
    from injection_tasks
    group by experiment_id
),

experiment_counts as (
    select
        stage_config.experiment_id,
        stage_config.tier,
        stage_config.grid,
        stage_config.stamp_size,
        stage_config.bandset,
        stage_config.control_frac,
        task_counts.* exclude (experiment_id)
    from task_counts
    inner join stage_config on task_counts.experiment_id = stage_config.experiment_id
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
