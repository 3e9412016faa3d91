with

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

brick_counts as (
    select * from {{ ref('brick_counts') }}
),

usable_bricks as (
    select
        stg_bricks.*,
        brick_counts.* exclude (brickid),
        healpix_cell({{ var('split_nside') }}, stg_bricks.ra, stg_bricks.dec) as cell,
        healpix_cell_of_box(
            {{ var('split_nside') }},
            stg_bricks.ra1, stg_bricks.ra2, stg_bricks.dec1, stg_bricks.dec2
        ) is not null as is_inside_cell
    from stg_bricks
    inner join brick_counts using (brickid)
    where
        stg_bricks.ebv <= {{ var('brick_max_ebv_mag') }}
        and stg_bricks.psfsize_r <= {{ var('brick_max_psfsize_r_arcsec') }}
        and stg_bricks.psfdepth_r >= {{ var('brick_min_psfdepth_r_mag') }}
),

-- Bricks are linked within a cell only, so that a region has one split.
group_lists as (
    select
        list(brickid order by brickname) as brickids,
        brick_groups(
            list(ra order by brickname),
            list(dec order by brickname),
            list({{ 'cell' if var('regions_cut_by_cell') else '0::bigint' }} order by brickname),
            {{ var('region_link_deg') }}::double
        ) as groups
    from usable_bricks
),

brick_groups as (
    select
        unnest(brickids) as brickid,
        unnest(groups, recursive := true)
    from group_lists
),

-- Groups are numbered in the order of their first brick's name, which is the order of group_index.
numbered_groups as (
    select
        brickid,
        (dense_rank() over (order by group_index) - 1)::integer as region_id,
        degree::integer as brick_degree
    from brick_groups
),

bricks_with_region as (
    select
        usable_bricks.brickid,
        usable_bricks.brickname,
        numbered_groups.region_id,
        usable_bricks.cell,
        usable_bricks.is_inside_cell,
        usable_bricks.ra,
        usable_bricks.dec,
        usable_bricks.ra1,
        usable_bricks.ra2,
        usable_bricks.dec1,
        usable_bricks.dec2,
        usable_bricks.area_deg2,
        usable_bricks.n_gal,
        -- One column per variant that brick_counts counts: n_lrg_v3 gives lrg_density_v3.
        columns('n_lrg_.*'),
        usable_bricks.n_gal / usable_bricks.area_deg2 as gal_density,
        columns('n_lrg_(.*)') / usable_bricks.area_deg2 as "lrg_density_\1",
        usable_bricks.n_lrg_v3 / nullif(usable_bricks.n_gal, 0) as lrg_frac_v3,
        usable_bricks.ebv,
        usable_bricks.psfsize_g,
        usable_bricks.psfsize_r,
        usable_bricks.psfsize_z,
        usable_bricks.psfdepth_g,
        usable_bricks.psfdepth_r,
        usable_bricks.psfdepth_z,
        usable_bricks.nexp_g,
        usable_bricks.nexp_r,
        usable_bricks.nexp_z,
        numbered_groups.brick_degree
    from usable_bricks
    inner join numbered_groups using (brickid)
)

select * from bricks_with_region
order by brickname
