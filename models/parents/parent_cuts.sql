{{ config(materialized='ephemeral') }}
-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

bricks_with_region as (
    select * from {{ ref('bricks_with_region') }}
),

selected_regions as (
    select distinct region_id from {{ ref('region_selections') }}
),

bricks as (
    select
        stg_bricks.brickid,
        stg_bricks.brick_group,
        bricks_with_region.region_id,
        bricks_with_region.cell,
        bricks_with_region.is_inside_cell,
        bricks_with_region.region_id is not null as is_usable_brick,
        selected_regions.region_id is not null as is_selected_region
    from stg_bricks
    left join bricks_with_region on stg_bricks.brickid = bricks_with_region.brickid
    left join selected_regions on bricks_with_region.region_id = selected_regions.region_id
),

-- A source whose brick the brick table lacks belongs to no brick group: it fails the first cut.
parent_cuts as (
    select
        stg_sources.*,
        bricks.region_id,
        bricks.cell,
        bricks.is_inside_cell,
        coalesce(bricks.brick_group, 'none') as brick_group,
        case
            when not coalesce(bricks.is_usable_brick, false) then 1
            when not bricks.is_selected_region then 2
            {%- for cut_name, expression in lrg_cuts(var('parent_variant')) %}
            when not {{ expression }} then {{ loop.index + 2 }}
            {%- endfor %}
            else 0
        end as failed_cut
    from stg_sources
    left join bricks on stg_sources.brickid = bricks.brickid
)

select * from parent_cuts
