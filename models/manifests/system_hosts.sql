{{ config(materialized='ephemeral') }}
-- One row per parent galaxy: where it is, how its brick is seen, and the shape of its light.
with

parent_galaxies as (
    select * from {{ ref('parent_galaxies') }}
),

bricks_with_region as (
    select * from {{ ref('bricks_with_region') }}
),

system_hosts as (
    select
        parent_galaxies.brickid,
        parent_galaxies.objid,
        bricks_with_region.brickname,
        parent_galaxies.ra,
        parent_galaxies.dec,
        coalesce(parent_galaxies.rmag, {{ var('rmag_fallback_mag') }}) as host_r_mag,
        least(1e0, sqrt(pow(parent_galaxies.shape_e1::double, 2)
            + pow(parent_galaxies.shape_e2::double, 2))) as host_e,
        -- From +x (west) towards +y (north): a quarter turn more than east of north.
        0.5e0 * atan2(parent_galaxies.shape_e2::double, parent_galaxies.shape_e1::double)
        + 0.5e0 * pi() as host_phi_rad,
        coalesce(bricks_with_region.psfsize_g, bricks_with_region.psfsize_r) as psfsize_g,
        bricks_with_region.psfsize_r,
        coalesce(bricks_with_region.psfsize_z, bricks_with_region.psfsize_r) as psfsize_z,
        bricks_with_region.ebv
    from parent_galaxies
    inner join bricks_with_region on parent_galaxies.brickid = bricks_with_region.brickid
)

select * from system_hosts
