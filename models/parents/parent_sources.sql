with

brick_selections as (
    select * from {{ ref('brick_selections') }}
    where failed_cut = 0
),

parent_bricks as (
    select * from {{ ref('parent_bricks') }}
    where failed_brick_cut = 0
),

passed_sources as (
    select
        brick_selections.brickid,
        unnest(brick_selections.passed) as source
    from brick_selections
    inner join parent_bricks on brick_selections.brickid = parent_bricks.brickid
),

parent_sources as (
    select
        brickid,
        source.objid,
        source.ra,
        source.dec
    from passed_sources
)

select * from parent_sources
