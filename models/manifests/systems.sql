{{ config(materialized='table' if var('external_manifest') else 'settled') }}
with

{% if var('external_manifest') -%}
systems as (
    select * from {{ ref('external_systems') }}
)
{%- else -%}
injected_systems as (
    select * from {{ ref('injected_systems') }}
),

control_systems as (
    select * from {{ ref('control_systems') }}
),

systems as (
    select * from injected_systems
    union all by name
    select * from control_systems
)
{%- endif %}

select * from systems
order by brickid, objid, config_id, replicate, is_control
