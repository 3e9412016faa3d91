{{ config(materialized='ephemeral') }}
-- One row per experiment and rule that judges it; a finder's rules once per finder with scores there.
with

injections as (
    select * from {{ ref('injections') }}
),

recovery_rules as (
    select * from {{ ref('recovery_rules') }}
),

finder_scores as (
    select * from {{ finder_scores() }}
),

experiments as (
    select distinct experiment_id from injections
),

finders as (
    select distinct
        injections.experiment_id,
        finder_scores.finder
    from finder_scores
    inner join injections using (task_id)
),

rules_of_experiments as (
    select
        experiments.experiment_id,
        recovery_rules.*,
        null::varchar as finder
    from experiments
    cross join recovery_rules
    where recovery_rules.rule_kind <> 'finder'
    union all by name
    select
        finders.*,
        recovery_rules.* replace (recovery_rules.rule || ':' || finders.finder as rule)
    from finders
    cross join recovery_rules
    where recovery_rules.rule_kind = 'finder'
)

select * from rules_of_experiments
