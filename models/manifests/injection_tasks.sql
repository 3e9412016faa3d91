{{ config(materialized='table' if var('external_manifest') else 'settled') }}
{%- set n_parts = 1 if var('external_manifest') else parts_of_tasks() %}
with

{% if var('external_manifest') -%}
injection_tasks as (
    select * from {{ ref('external_tasks') }}
)
{%- else -%}
injection_tasks as (
    select * from {{ ref('own_tasks') }}
)
{%- endif %}
{% for part in range(1, n_parts + 1) %}
{%- if n_parts > 1 %}
{{ first_part() if loop.first else next_part() }}
{%- endif %}
select * {{ 'exclude (brick_part)' if not var('external_manifest') }}
from (
    select * from injection_tasks
    {%- if n_parts > 1 %}
    where brick_part = {{ part }}
    {%- endif %}
    order by brickname, objid, render_id, experiment_id, selection_set_id, config_id, replicate
) as sorted_tasks
{% endfor %}
