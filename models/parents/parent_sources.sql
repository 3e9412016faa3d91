-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
    where
        {{ passes_cuts(var('parent_variant')) }}
),

parent_bricks as (
    select * from {{ ref('parent_bricks') }}
    where failed_brick_cut = 0
),

parent_sources as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        stg_sources.ra,
        stg_sources.dec
    from stg_sources
    inner join parent_bricks on stg_sources.brickid = parent_bricks.brickid
)

select * from parent_sources
