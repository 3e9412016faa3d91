{{ config(materialized='view') }}
{%- set axes = completeness_axes() | selectattr('has_marginal') | list -%}
-- depends_on: {{ ref('injections') }}, {{ ref('completeness_axes') }}, {{ ref('completeness_edges') }}
with

completeness_cells as (
    select * from {{ ref('completeness_cells') }}
),

completeness_marginals as (
    {%- for axis in axes %}
    select
        '{{ axis.axis }}' as axis,
        {%- if axis.axis_kind == 'binned' %}
        {{ axis.axis }}_low as low,
        {{ axis.axis }}_high as high,
        null::varchar as value,
        {%- else %}
        {{ axis.axis if axis.sql_type in ('integer', 'double') else 'null' }}::double as low,
        low as high,
        {{ axis.axis }}::varchar as value,
        {%- endif %}
        completeness_cells.* exclude (cube, {{ axis_names(completeness_axes()) }})
    from completeness_cells
    where cube = 'by_{{ axis.axis }}'
    {{ "union all by name" if not loop.last }}
    {%- endfor %}
)

select * from completeness_marginals
