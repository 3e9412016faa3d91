with

parent_sources as (
    select * from {{ ref('parent_sources') }}
),

split_cells as (
    select * from {{ ref('split_cells') }}
),

-- Gathered first, so that the search is called for whole vectors of them and not for the few of
-- each vector of sources.
galaxies_at_borders as materialized (
    select
        brickid,
        objid,
        ra,
        dec
    from parent_sources
    where brick_split is null
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
