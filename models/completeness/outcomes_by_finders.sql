{{ config(materialized='ephemeral') }}
-- One row per task with a stamp that a finder scored: a letter for each finder's rule of its experiment.
with

injections as (
    select * from {{ ref('injections') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

finder_scores as (
    select * from {{ finder_scores() }}
),

scored_tasks as (
    select distinct
        injections.task_id,
        injections.experiment_id
    from finder_scores
    inner join injections using (task_id)
    where injections.cutout_ok
),

outcomes_by_finders as (
    select
        scored_tasks.task_id,
        string_agg(
            case
                when finder_scores.score is null or recovery_thresholds.threshold is null then '-'
                when finder_scores.score > recovery_thresholds.threshold then 'd'
                else 'm'
            end,
            ''
            order by recovery_thresholds.rule_number
        ) as outcome
    from scored_tasks
    inner join recovery_thresholds
        on scored_tasks.experiment_id = recovery_thresholds.experiment_id
        and recovery_thresholds.finder is not null
    left join finder_scores
        on scored_tasks.task_id = finder_scores.task_id
        and recovery_thresholds.finder = finder_scores.finder
    group by scored_tasks.task_id
)

select * from outcomes_by_finders
