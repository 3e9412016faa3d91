{{ config(materialized='ephemeral') }}
{%- set rules = completeness_plan().rules -%}
-- One row per task with all that injections say of it, and what each rule says.
with

-- Read as often as it is named: held, every column of every task would be in memory.
injections as not materialized (
    select * from {{ ref('injections') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

outcomes_by_finders as (
    select * from {{ ref('outcomes_by_finders') }}
),

experiments as (
    select
        experiment_id,
        any_value(experiment_number) as experiment_number,
        list(threshold order by rule_number) as thresholds,
        repeat('-', count(finder)) as outcome_without_scores
    from recovery_thresholds
    group by experiment_id
),

selection_sets as (
    select
        selection_set_id,
        row_number() over (order by selection_set_id) as set_number
    from injections
    group by selection_set_id
),

-- A render appears once per selection set that its galaxy is in. The galaxy and 64 bits of the
-- render's name stand for the name; the suite counts renders by name and would see two taken for one.
sets_of_renders as (
    select
        experiments.experiment_number,
        {{ host_number('injections') }} as host_number,
        hash(injections.render_id) as render_hash,
        min(selection_sets.set_number) as first_set
    from injections
    inner join experiments using (experiment_id)
    inner join selection_sets using (selection_set_id)
    group by all
    having count(*) > 1
),

tasks as (
    select
        injections.* replace (
            coalesce(cutout_ok, false) as cutout_ok,
            coalesce(metrics_ok, false) as metrics_ok
        ),
        {{ host_number('injections') }} as host_number,
        {{ task_expression('psf_fwhm_arcsec') }} as psf_fwhm_arcsec,
        {{ task_expression('theta_over_psf') }} as theta_over_psf,
        {{ task_expression('surface_psf_bin') }} as surface_psf_bin,
        {{ task_expression('surface_depth_bin') }} as surface_depth_bin,
        coalesce(
            bad_pixel_frac <= {{ var('clean_max_bad_pixel_frac') }}
            and wise_brightmask_frac <= {{ var('clean_max_wise_brightmask_frac') }},
            false
        ) as is_clean
    from injections
),

judged_tasks as (
    select
        tasks.*,
        experiments.experiment_number,
        selection_sets.set_number is not null
        and selection_sets.set_number = coalesce(sets_of_renders.first_set, selection_sets.set_number)
            as is_first_of_render,
        concat(
            {%- for rule in rules %}
            {{ outcome_letter(rule, 'experiments.thresholds[' ~ loop.index ~ ']') }},
            {%- endfor %}
            coalesce(outcomes_by_finders.outcome, experiments.outcome_without_scores)
        ) as outcome
    from tasks
    inner join experiments using (experiment_id)
    left join outcomes_by_finders using (task_id)
    left join selection_sets using (selection_set_id)
    left join sets_of_renders
        on experiments.experiment_number = sets_of_renders.experiment_number
        and tasks.host_number = sets_of_renders.host_number
        and hash(tasks.render_id) = sets_of_renders.render_hash
)

select * from judged_tasks
