{{ config(materialized='ephemeral') }}
-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

parent_bricks as (
    select * from {{ ref('parent_bricks') }}
    where failed_brick_cut = 0
),

parent_sources as (
    select
        stg_sources.*,
        parent_bricks.region_id,
        parent_bricks.brick_split
    from stg_sources
    inner join parent_bricks on stg_sources.brickid = parent_bricks.brickid
    where
        true
        {%- for cut_name, expression in lrg_cuts(var('parent_variant')) %}
        and {{ expression }}
        {%- endfor %}
)

select * from parent_sources
