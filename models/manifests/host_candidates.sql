with

parent_galaxies as (
    select * from {{ ref('parent_galaxies') }}
    where
        is_{{ var('parent_variant') }}
        and region_split != 'buffer'
        and not is_near_known_lens
),

bricks_with_region as (
    select * from {{ ref('bricks_with_region') }}
    where psfsize_r is not null and psfdepth_r is not null
),

-- All experiments record the same edges.
edges as (
    select
        any_value(psf_edges) as psf_edges,
        any_value(depth_edges) as depth_edges
    from {{ ref('experiments') }}
),

host_candidates as (
    select
        parent_galaxies.brickid,
        parent_galaxies.objid,
        parent_galaxies.region_id,
        parent_galaxies.region_split,
        {{ condition_bin('bricks_with_region.psfsize_r', 'edges.psf_edges') }} as psf_bin,
        {{ condition_bin('bricks_with_region.psfdepth_r', 'edges.depth_edges') }} as depth_bin,
        {{ keyed_digest(galaxy_key('parent_galaxies.brickid', 'parent_galaxies.objid'), 'host') }}
            as digest
    from parent_galaxies
    inner join bricks_with_region on parent_galaxies.brickid = bricks_with_region.brickid
    cross join edges
)

select
    * exclude (digest),
    {{ digest_u1('digest') }} as bin_order_u,
    {{ digest_u2('digest') }} as trim_order_u
from host_candidates
