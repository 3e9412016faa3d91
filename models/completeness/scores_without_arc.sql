{{ config(materialized='ephemeral') }}
{%- do refuse_bad_scores('finder_scores', 'task_id', ref('injections')) -%}
{%- do refuse_bad_scores('negative_scores', 'galaxy_id') -%}
-- One row per experiment, statistic, finder and galaxy without an arc: what thresholds are set on.
with

usable_controls as (
    select
        *,
        brickname || '_' || objid as galaxy_id
    from {{ ref('injections') }}
    where is_control and cutout_ok
),

rules_of_experiments as (
    select * from {{ ref('rules_of_experiments') }}
),

finder_scores as (
    select * from {{ finder_scores() }}
),

negative_scores as (
    select * from {{ negative_scores() }}
),

statistics_of_controls as (
    {%- for statistic in completeness_plan().rules | map(attribute='statistic') | unique %}
    select
        *,
        '{{ statistic }}' as statistic,
        null::varchar as finder,
        {{ task_expression(statistic) }}::double as score
    from usable_controls
    where metrics_ok and isfinite(score)
    union all
    {%- endfor %}
    select
        usable_controls.*,
        'score' as statistic,
        finder_scores.finder,
        finder_scores.score
    from usable_controls
    inner join finder_scores using (task_id)
),

-- A host without an arc is one draw, however many tasks show it.
scores_of_controls as (
    select
        experiment_id,
        statistic,
        finder,
        any_value(galaxy_id) as galaxy_id,
        arg_min(score, task_id) as score
    from statistics_of_controls
    group by experiment_id, statistic, finder, brickid, objid
),

statistics_of_experiments as (
    select distinct
        experiment_id,
        statistic,
        finder
    from rules_of_experiments
),

-- Real galaxies without an arc count in every experiment, but for those that are its controls: a
-- galaxy is one draw.
scores_of_negatives as (
    select
        statistics_of_experiments.*,
        negative_scores.galaxy_id,
        negative_scores.score
    from statistics_of_experiments
    inner join negative_scores
        on coalesce(statistics_of_experiments.finder, statistics_of_experiments.statistic)
        = negative_scores.finder
    anti join usable_controls
        on statistics_of_experiments.experiment_id = usable_controls.experiment_id
        and negative_scores.galaxy_id = usable_controls.galaxy_id
),

scores_without_arc as (
    select *, true as is_control from scores_of_controls
    union all by name
    select *, false as is_control from scores_of_negatives
)

select * from scores_without_arc
