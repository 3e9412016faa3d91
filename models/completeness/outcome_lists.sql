-- Few lists of outcomes occur, in very many cells: each is judged once.
with

completeness_patterns as (
    select * from {{ ref('completeness_patterns') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

lists as (
    select
        outcomes,
        row_number() over (order by outcomes) as outcome_list
    from completeness_patterns
    group by outcomes
),

outcomes_of_lists as (
    select
        outcomes,
        outcome_list,
        unnest(outcomes) as outcome
    from lists
),

rules as (
    select distinct rule_number from recovery_thresholds
),

qualities as (
    select unnest(['all', 'clean']) as quality
),

outcome_lists as (
    select
        outcomes_of_lists.outcomes,
        outcomes_of_lists.outcome_list,
        rules.rule_number,
        qualities.quality,
        count(*) as n_valid,
        count(*) filter (where {{ is_detected('outcome', 'rule_number') }}) as n_recovered
    from outcomes_of_lists
    cross join rules
    cross join qualities
    where
        {{ is_usable('outcome', 'rule_number') }}
        and (qualities.quality = 'all' or not ends_with(outcomes_of_lists.outcome, '*'))
    group by
        outcomes_of_lists.outcomes,
        outcomes_of_lists.outcome_list,
        rules.rule_number,
        qualities.quality
)

select * from outcome_lists
