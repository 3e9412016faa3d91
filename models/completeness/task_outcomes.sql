{%- set rules = column_rules() -%}
{%- set axes = completeness_axes() -%}
-- depends_on: {{ ref('recovery_rules') }}, {{ ref('completeness_edges') }}, {{ ref('completeness_axes') }}
with

-- Read as often as it is named: held, every column of every task would be in memory.
injections as not materialized (
    select * from {{ ref('injections') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

completeness_bins as (
    select * from {{ ref('completeness_bins') }}
),

finder_scores as (
    select * from {{ finder_scores() }}
),

experiments as (
    select
        experiment_id,
        any_value(experiment_number) as experiment_number
        {%- for rule in rules %},
        max(threshold) filter (where rule_bit = {{ loop.index0 }}) as threshold_{{ loop.index0 }}
        {%- endfor %}
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

outcomes_by_finders as (
    select
        finder_scores.task_id,
        bit_or(1::bigint << recovery_thresholds.rule_bit) as usable_bits,
        bit_or(
            (finder_scores.score > recovery_thresholds.threshold)::bigint
            << recovery_thresholds.rule_bit
        ) as detected_bits
    from finder_scores
    inner join injections using (task_id)
    inner join recovery_thresholds
        on injections.experiment_id = recovery_thresholds.experiment_id
        and finder_scores.finder = recovery_thresholds.finder
    where recovery_thresholds.threshold is not null and injections.cutout_ok
    group by finder_scores.task_id
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

judged_by_columns as (
    select
        tasks.*,
        experiments.experiment_number,
        selection_sets.set_number is not null
        and selection_sets.set_number = coalesce(sets_of_renders.first_set, selection_sets.set_number)
            as is_first_of_render
        {%- for rule in rules %},
        (
            tasks.metrics_ok
            and experiments.threshold_{{ loop.index0 }} is not null
            and coalesce(isfinite(tasks.{{ rule.statistic }}::double), false)
            {%- if rule.theta_over_psf_minimum is not none %}
            and tasks.theta_over_psf is not null
            {%- endif %}
        ) as is_usable_{{ loop.index0 }},
        coalesce(
            tasks.{{ rule.statistic }}
            {{ '>=' if rule.false_positive_rate is none else '>' }}
            experiments.threshold_{{ loop.index0 }}
            {%- if rule.theta_over_psf_minimum is not none %}
            and tasks.theta_over_psf >= {{ rule.theta_over_psf_minimum }}
            {%- endif %},
            false
        ) as is_above_{{ loop.index0 }}
        {%- endfor %}
    from tasks
    inner join experiments using (experiment_id)
    left join selection_sets using (selection_set_id)
    left join sets_of_renders
        on experiments.experiment_number = sets_of_renders.experiment_number
        and tasks.host_number = sets_of_renders.host_number
        and hash(tasks.render_id) = sets_of_renders.render_hash
),

judged_tasks as (
    select
        judged_by_columns.*,
        coalesce(outcomes_by_finders.usable_bits, 0)
        {%- for rule in rules %}
        | (is_usable_{{ loop.index0 }}::bigint << {{ loop.index0 }})
        {%- endfor %} as usable_bits,
        coalesce(outcomes_by_finders.detected_bits, 0)
        {%- for rule in rules %}
        | ((is_usable_{{ loop.index0 }} and is_above_{{ loop.index0 }})::bigint << {{ loop.index0 }})
        {%- endfor %} as detected_bits
    from judged_by_columns
    left join outcomes_by_finders using (task_id)
),

task_outcomes as (
    select
        judged_tasks.task_id,
        judged_tasks.experiment_number,
        judged_tasks.host_number,
        judged_tasks.is_control,
        judged_tasks.is_first_of_render,
        judged_tasks.is_clean,
        judged_tasks.usable_bits,
        judged_tasks.detected_bits,
        case when judged_tasks.cutout_ok then judged_tasks.theta_over_psf end as theta_over_psf_seen,
        case
            when judged_tasks.metrics_ok and judged_tasks.theta_over_psf is not null
                then judged_tasks.arc_snr
        end as arc_snr_seen
        {%- for axis in axes %},
        {%- if axis.axis_kind == 'binned' %}
        {{ bin_expression('judged_tasks.' ~ axis.column_name, axis.edges) }} as {{ axis.axis }}
        {%- else %}
        coalesce(bins_of_{{ axis.axis }}.bin, -1)::smallint as {{ axis.axis }}
        {%- endif %}
        {%- endfor %}
    from judged_tasks
    {%- for axis in axes if axis.axis_kind == 'category' %}
    left join completeness_bins as bins_of_{{ axis.axis }}
        on bins_of_{{ axis.axis }}.axis = '{{ axis.axis }}'
        and bins_of_{{ axis.axis }}.value::{{ axis.sql_type }} = judged_tasks.{{ axis.column_name }}
    {%- endfor %}
)

select * from task_outcomes
