{{ config(
    materialized='lake_function',
    parameters="weights, chosen_rule := 'original', chosen_quality := 'clean'",
) }}
with

given_weights as (
    select
        task_id,
        weight::double as weight
    from query_table(weights)
),

{{ weighted_tasks() }},

{{ pareto_fit() }},

{{ weighted_answers() }}

select * from weighted_answers
order by experiment_id
