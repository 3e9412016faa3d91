{%- set rules = column_rules() -%}
{%- do refuse_bad_scores('finder_scores', 'task_id', ref('injections')) -%}
{%- do refuse_bad_scores('negative_scores', 'galaxy_id') -%}
-- depends_on: {{ ref('recovery_rules') }}
with

injections as not materialized (
    select * from {{ ref('injections') }}
),

recovery_rules as (
    select * from {{ ref('recovery_rules') }}
),

finder_scores as (
    select * from {{ finder_scores() }}
),

negative_scores as (
    select * from {{ negative_scores() }}
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
),

statistics_of_experiments as (
    select distinct
        experiment_id,
        statistic,
        finder
    from rules_of_experiments
),

usable_controls as (
    select * from injections where is_control and cutout_ok
),

-- A host without an arc is one draw, however many tasks show it.
scores_of_controls as (
    {%- for statistic in rules | map(attribute='statistic') | unique %}
    select
        experiment_id,
        '{{ statistic }}' as statistic,
        null::varchar as finder,
        arg_min({{ statistic }}, task_id)::double as score
    from usable_controls
    where metrics_ok and isfinite({{ statistic }}::double)
    group by experiment_id, brickid, objid
    union all
    {%- endfor %}
    select
        usable_controls.experiment_id,
        'score' as statistic,
        finder_scores.finder,
        arg_min(finder_scores.score, finder_scores.task_id) as score
    from usable_controls
    inner join finder_scores using (task_id)
    group by
        usable_controls.experiment_id,
        finder_scores.finder,
        usable_controls.brickid,
        usable_controls.objid
),

control_galaxies as (
    select distinct
        experiment_id,
        brickname || '_' || objid as galaxy_id
    from usable_controls
),

-- Real galaxies without an arc stand beside the controls of every experiment, but for those that are
-- its controls: a galaxy is one draw.
scores_without_arc as (
    select *, true as is_control from scores_of_controls
    union all by name
    select
        statistics_of_experiments.experiment_id,
        statistics_of_experiments.statistic,
        statistics_of_experiments.finder,
        negative_scores.score,
        false as is_control
    from statistics_of_experiments
    inner join negative_scores
        on coalesce(statistics_of_experiments.finder, statistics_of_experiments.statistic)
        = negative_scores.finder
    anti join control_galaxies
        on statistics_of_experiments.experiment_id = control_galaxies.experiment_id
        and negative_scores.galaxy_id = control_galaxies.galaxy_id
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

thresholds as (
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
),

thresholds_measured as (
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
    from thresholds
),

recovery_thresholds as (
    select
        experiment_id,
        (dense_rank() over (order by experiment_id) - 1)::smallint as experiment_number,
        rule,
        (row_number() over (
            partition by experiment_id
            order by rule_kind = 'finder', rule_number, finder
        ) - 1)::integer as rule_bit,
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
        {%- for source in ['controls', 'negatives'] %}
        n_false_positives_of_{{ source }},
        false_positive_rate_of_{{ source }},
        {{ wilson_bound('false_positive_rate_of_' ~ source, 'n_' ~ source, '-') }}
            as false_positive_rate_of_{{ source }}_wilson_low,
        {{ wilson_bound('false_positive_rate_of_' ~ source, 'n_' ~ source, '+') }}
            as false_positive_rate_of_{{ source }}_wilson_high,
        {%- endfor %}
        case when threshold is null then 'too_few_without_arc' end as reason_code,
        description
    from thresholds_measured
)

select * from recovery_thresholds
order by experiment_id, rule_bit
