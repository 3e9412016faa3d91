{%- set axes = completeness_plan().axes -%}
with

injections as not materialized (
    select * from {{ ref('injections') }} where not is_control
),

edges as (
    select * from {{ ref('completeness_edges') }}
),

bins_between_edges as (
    select
        axis,
        edge_number::integer as bin,
        edge as low,
        lead(edge) over (partition by axis order by edge_number) as high,
        null::varchar as value
    from edges
    qualify high is not null
),

values_of_experiments as (
    {%- for axis in axes if not axis.is_binned %}
    {%- set value = task_expression(axis.column_name) %}
    select distinct
        '{{ axis.axis }}' as axis,
        {{ axis.is_continuous }} as is_continuous,
        experiment_id,
        {{ value }}::varchar as value,
        {{ value if axis.is_number else 'null' }}::double as number
    from injections
    where {{ value }} is not null
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

-- A continuous draw has as many values as tasks: crossed, they would fill the disk.
values_of_grids as (
    select *
    from values_of_experiments
    qualify
        not is_continuous
        or count(*) over (partition by axis, experiment_id)
        <= {{ var('completeness_max_grid_values') }}
),

bins_of_values as (
    select distinct
        axis,
        (dense_rank() over (partition by axis order by number, value) - 1)::integer as bin,
        value
    from values_of_grids
),

completeness_bins as (
    select * from bins_between_edges
    union all by name
    select * from bins_of_values
)

select * from completeness_bins
order by axis, bin
