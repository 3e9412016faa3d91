{{ config(materialized='ephemeral') }}
-- One row per experiment and rule: its threshold, and the scores of galaxies without an arc.
with

rules_of_experiments as (
    select * from {{ ref('rules_of_experiments') }}
),

scores_without_arc as (
    select * from {{ ref('scores_without_arc') }}
),

sorted_scores as (
    select
        experiment_id,
        statistic,
        finder,
        list(score order by score desc) as scores,
        list(score) filter (where not is_control) as scores_of_negatives,
        count(*) filter (where is_control) as n_controls,
        count(*) filter (where not is_control) as n_negatives
    from scores_without_arc
    group by experiment_id, statistic, finder
),

rule_thresholds as (
    select
        rules_of_experiments.*,
        coalesce(sorted_scores.n_controls, 0) as n_controls,
        coalesce(sorted_scores.n_negatives, 0) as n_negatives,
        sorted_scores.scores,
        sorted_scores.scores_of_negatives,
        -- 1e-9 lets 0.001 of 5000 be 5, whatever the last bit of the product.
        floor(
            rules_of_experiments.false_positive_rate * len(sorted_scores.scores) + 1e-9
        )::bigint as n_allowed,
        case
            when rules_of_experiments.minimum is not null then rules_of_experiments.minimum
            when n_allowed >= {{ var('threshold_min_false_positives') }}
                then sorted_scores.scores[n_allowed + 1]
        end as threshold
    from rules_of_experiments
    left join sorted_scores
        on rules_of_experiments.experiment_id = sorted_scores.experiment_id
        and rules_of_experiments.statistic = sorted_scores.statistic
        and rules_of_experiments.finder is not distinct from sorted_scores.finder
)

select * from rule_thresholds
