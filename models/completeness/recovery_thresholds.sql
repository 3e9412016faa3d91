with

rule_thresholds as (
    select * from {{ ref('rule_thresholds') }}
),

-- How many galaxies without an arc a rule takes for a lens, controls and negatives apart.
counted_false_positives as (
    select
        *,
        n_controls + n_negatives as n_without_arc,
        case
            when false_positive_rate is not null and threshold is not null
                then len(list_filter(scores, lambda score: score > threshold))
        end as n_false_positives,
        case
            when n_false_positives is not null
                then coalesce(len(list_filter(scores_of_negatives, lambda score: score > threshold)), 0)
        end as n_false_positives_of_negatives,
        n_false_positives - n_false_positives_of_negatives as n_false_positives_of_controls,
        n_false_positives / nullif(n_without_arc, 0) as false_positive_rate_measured,
        n_false_positives_of_controls / nullif(n_controls, 0) as false_positive_rate_of_controls,
        n_false_positives_of_negatives / nullif(n_negatives, 0) as false_positive_rate_of_negatives
    from rule_thresholds
),

recovery_thresholds as (
    select
        experiment_id,
        (dense_rank() over (order by experiment_id) - 1)::smallint as experiment_number,
        rule,
        row_number() over (
            partition by experiment_id
            order by rule_kind = 'finder', rule_number, finder
        )::integer as rule_number,
        rule_kind,
        statistic,
        finder,
        threshold,
        theta_over_psf_minimum,
        false_positive_rate,
        n_controls,
        n_negatives,
        -- Of controls and negatives together, for a threshold at this rate.
        ceil(
            {{ var('threshold_min_false_positives') }} / false_positive_rate - 1e-6
        )::bigint as n_without_arc_needed,
        n_false_positives,
        false_positive_rate_measured,
        {{ wilson_bound('false_positive_rate_measured', 'n_without_arc', '-') }}
            as false_positive_rate_wilson_low,
        {{ wilson_bound('false_positive_rate_measured', 'n_without_arc', '+') }}
            as false_positive_rate_wilson_high,
        n_false_positives_of_controls,
        false_positive_rate_of_controls,
        {{ wilson_bound('false_positive_rate_of_controls', 'n_controls', '-') }}
            as false_positive_rate_of_controls_wilson_low,
        {{ wilson_bound('false_positive_rate_of_controls', 'n_controls', '+') }}
            as false_positive_rate_of_controls_wilson_high,
        n_false_positives_of_negatives,
        false_positive_rate_of_negatives,
        {{ wilson_bound('false_positive_rate_of_negatives', 'n_negatives', '-') }}
            as false_positive_rate_of_negatives_wilson_low,
        {{ wilson_bound('false_positive_rate_of_negatives', 'n_negatives', '+') }}
            as false_positive_rate_of_negatives_wilson_high,
        case when threshold is null then 'too_few_without_arc' end as reason_code,
        description
    from counted_false_positives
)

select * from recovery_thresholds
order by experiment_id, rule_number
