{{ config(
    materialized='lake_function',
    parameters="densities, chosen_rule := 'original', chosen_quality := 'clean'",
) }}
with

injections as (
    select * from {{ ref('injections') }}
),

target_densities as (
    select
        task_id,
        density::double as density
    from query_table(densities)
),

experiments_of_target as (
    select distinct injections.experiment_id
    from injections
    inner join target_densities using (task_id)
),

-- A task that the target leaves out has no weight; one without a proposal has no answer.
given_weights as (
    select
        injections.task_id,
        coalesce(target_densities.density, 0e0) / injections.proposal_density_system as weight
    from injections
    inner join experiments_of_target using (experiment_id)
    left join target_densities using (task_id)
    where not injections.is_control
    union all
    select
        target_densities.task_id,
        target_densities.density as weight
    from target_densities
    anti join injections using (task_id)
),

{{ weighted_tasks() }},

{{ pareto_fit() }},

{{ weighted_answers(is_density=true) }}

select * from weighted_answers
order by experiment_id
