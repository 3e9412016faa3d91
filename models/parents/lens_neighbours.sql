with

parent_cuts as (
    select * from {{ ref('parent_cuts') }}
),

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

-- Lens entries with the bricks that they may reach into: few, so that few sources are compared.
known_lenses as (
    select
        *,
        {{ var('known_lens_radius_arcsec') }} / 3600e0 as reach_deg,
        {{ var('known_lens_radius_arcsec') }} / 3600e0
        / greatest(cos(radians(least(abs(dec) + 0.1e0, 89.9e0))), 1e-3) as reach_ra_deg
    from {{ ref('stg_known_lenses') }}
),

lens_bricks as (
    select
        stg_bricks.brickid,
        known_lenses.known_lens_id,
        known_lenses.ra as lens_ra,
        known_lenses.dec as lens_dec
    from known_lenses
    inner join stg_bricks
        on
            known_lenses.dec between
                stg_bricks.dec1 - known_lenses.reach_deg
                and stg_bricks.dec2 + known_lenses.reach_deg
            and abs((known_lenses.ra - stg_bricks.ra + 540e0) % 360e0 - 180e0)
            <= (stg_bricks.ra2 - stg_bricks.ra1) / 2e0 + known_lenses.reach_ra_deg
),

lens_neighbours as (
    select
        parent_cuts.brickid,
        parent_cuts.objid,
        lens_bricks.known_lens_id,
        {{ separation_arcsec(
            'parent_cuts.ra', 'parent_cuts.dec', 'lens_bricks.lens_ra', 'lens_bricks.lens_dec'
        ) }} as separation_arcsec
    from parent_cuts
    inner join lens_bricks on parent_cuts.brickid = lens_bricks.brickid
    where parent_cuts.failed_cut = 0
)

select * from lens_neighbours
where separation_arcsec <= {{ var('known_lens_radius_arcsec') }}
