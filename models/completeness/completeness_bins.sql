-- depends_on: {{ ref('completeness_axes') }}, {{ ref('completeness_edges') }}
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

{%- for axis in completeness_axes() if axis.axis_kind == 'category' %}

values_of_{{ axis.axis }} as (
    select distinct {{ task_expression(axis.column_name) }} as value
    from injections
    where
        {{ task_expression(axis.column_name) }} is not null
        {%- if axis.sql_type == 'double' %}
        -- A continuous draw has as many values as tasks: crossed, they would fill the disk.
        and experiment_id in (
            select experiment_id
            from injections
            group by experiment_id
            having
                count(distinct {{ task_expression(axis.column_name) }})
                <= {{ var('completeness_max_grid_values') }}
        )
        {%- endif %}
),
{%- endfor %}

completeness_bins as (
    select * from bins_between_edges
    {%- for axis in completeness_axes() if axis.axis_kind == 'category' %}
    union all by name
    select
        '{{ axis.axis }}' as axis,
        (row_number() over (order by value) - 1)::integer as bin,
        value::varchar as value
    from values_of_{{ axis.axis }}
    {%- endfor %}
)

select * from completeness_bins
order by axis, bin
