{%- set axes = completeness_plan().axes -%}
with

judged_tasks as (
    select * from {{ ref('judged_tasks') }}
),

completeness_bins as (
    select * from {{ ref('completeness_bins') }}
),

task_outcomes as (
    select
        judged_tasks.task_id,
        judged_tasks.experiment_number,
        judged_tasks.host_number,
        judged_tasks.is_control,
        judged_tasks.is_first_of_render,
        judged_tasks.is_clean,
        judged_tasks.outcome,
        case when judged_tasks.cutout_ok then judged_tasks.theta_over_psf end as theta_over_psf_seen,
        case
            when judged_tasks.metrics_ok and judged_tasks.theta_over_psf is not null
                then judged_tasks.arc_snr
        end as arc_snr_seen,
        {%- for axis in axes %}
        {{ axis_bin(axis) }} as {{ axis.axis }}{{ "," if not loop.last }}
        {%- endfor %}
    from judged_tasks
    {%- for axis in axes if not axis.is_binned %}
    left join completeness_bins as bins_of_{{ axis.axis }}
        on bins_of_{{ axis.axis }}.axis = '{{ axis.axis }}'
        and bins_of_{{ axis.axis }}.value::{{ axis.sql_type }} = judged_tasks.{{ axis.column_name }}
    {%- endfor %}
)

select * from task_outcomes
