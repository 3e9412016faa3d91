with

parent_sources as (
    select * from {{ ref('parent_sources') }}
),

bricks_at_borders as (
    select * from {{ ref('parent_bricks') }}
    where brick_split is null
),

split_cells as (
    select * from {{ ref('split_cells') }}
),

-- Materialised, because the search is a Python function: it is called once per vector, and these are
-- whole vectors of galaxies at borders.
galaxies_at_borders as materialized (
    select
        parent_sources.brickid,
        parent_sources.objid,
        parent_sources.ra,
        parent_sources.dec
    from parent_sources
    inner join bricks_at_borders on parent_sources.brickid = bricks_at_borders.brickid
),

cells_at_borders as (
    select
        brickid,
        objid,
        {{ near_cells('ra', 'dec') }} as near_cells
    from galaxies_at_borders
),

border_splits as (
    select
        brickid,
        objid,
        {{ split_of_near_cells('near_cells') }} as region_split
    from cells_at_borders
)

select * from border_splits
