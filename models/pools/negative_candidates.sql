with

pool_objects as (
    select * from {{ ref('pool_objects') }}
),

candidate_pools as (
    select * from {{ ref('candidate_pools') }}
    where pool is not null
),

brick_cells as (
    select * from {{ ref('brick_cells') }}
),

split_cells as (
    select * from {{ ref('split_cells') }}
),

highest_earlier_scores as (
    {{ earlier_finder_scores() }}
),

candidates_in_cells as (
    select
        pool_objects.*,
        candidate_pools.* exclude (brickid, objid, type),
        -- Only a brick that may touch a border needs the search for near cells.
        case
            when brick_cells.cell is not null then [brick_cells.cell]
            else {{ near_cells('pool_objects.ra', 'pool_objects.dec') }}
        end as near_cells,
        healpix_cell(64, pool_objects.ra, pool_objects.dec) as healpix_64,
        healpix_cell(128, pool_objects.ra, pool_objects.dec) as healpix_128
    from pool_objects
    inner join candidate_pools
        on
            pool_objects.brickid = candidate_pools.brickid
            and pool_objects.objid = candidate_pools.objid
    left join brick_cells on pool_objects.brickid = brick_cells.brickid
),

candidates_with_split as (
    select
        * exclude (near_cells),
        {{ pool_split('healpix_128', 'near_cells') }} as split
    from candidates_in_cells
),

negative_candidates as (
    select
        candidates_with_split.*,
        highest_earlier_scores.score as earlier_finder_score,
        coalesce(highest_earlier_scores.score > {{ var('pool_inspection_score') }}, false)
            as is_for_inspection
    from candidates_with_split
    left join highest_earlier_scores
        on candidates_with_split.galaxy_id = highest_earlier_scores.galaxy_id
)

select * from negative_candidates
