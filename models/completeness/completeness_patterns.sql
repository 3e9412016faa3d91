{{ config(materialized='in_parts') }}
{%- set cubes = completeness_plan().cubes -%}
with

injected as not materialized (
    select
        *,
        {{ outcome_of_stamp() }} as outcome_of_stamp
    from {{ ref('task_outcomes') }}
    where not is_control
),

controls as not materialized (
    select
        *,
        {{ outcome_of_stamp() }} as outcome_of_stamp
    from {{ ref('task_outcomes') }}
    where is_control
)

{% for cube in cubes %}
{{ first_part() if loop.first else next_part() }}
{{ patterns_of_hosts('injected', cube, cube.axes) }}
{%- endfor %}
{%- for cube in cubes if cube.control_cube == cube.cube %}
{{ next_part() }}
{{ patterns_of_hosts('controls', cube, cube.control_axes) }}
{%- endfor %}
