{{ config(materialized='ephemeral') }}
with

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

bricks_with_region as (
    select * from {{ ref('bricks_with_region') }}
),

region_metrics as (
    select * from {{ ref('region_metrics') }}
),

selected_regions as (
    select distinct region_id from {{ ref('region_selections') }}
),

parent_bricks as (
    select
        stg_bricks.brickid,
        stg_bricks.brick_group,
        bricks_with_region.region_id,
        -- Null where the galaxies of a brick may be of different splits, or in the buffer.
        {%- if var('regions_cut_by_cell') %}
        case when bricks_with_region.is_inside_cell then region_metrics.region_split end
        {%- else %}
        region_metrics.region_split
        {%- endif %} as brick_split,
        case
            when bricks_with_region.region_id is null then 1
            when selected_regions.region_id is null then 2
            else 0
        end::utinyint as failed_brick_cut
    from stg_bricks
    left join bricks_with_region on stg_bricks.brickid = bricks_with_region.brickid
    left join region_metrics on bricks_with_region.region_id = region_metrics.region_id
    left join selected_regions on bricks_with_region.region_id = selected_regions.region_id
)

select * from parent_bricks
