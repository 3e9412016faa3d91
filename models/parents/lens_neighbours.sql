{%- set zones_per_deg = 4 -%}
{%- set reach_deg = "(" ~ var('known_lens_radius_arcsec') ~ " / 3600e0)" -%}
with

parent_sources as (
    select * from {{ ref('parent_sources') }}
),

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

-- Lens entries with the bricks that they may reach into: few, so that few sources are compared.
known_lenses as (
    select
        *,
        floor({{ zones_per_deg }} * dec)::integer as zone,
        {{ reach_deg }}
        / greatest(cos(radians(least(abs(dec) + 0.1e0, 89.9e0))), 1e-3) as reach_ra_deg
    from {{ ref('stg_known_lenses') }}
),

-- Bricks by the zones of declination that they reach into: an equality finds a lens' few bricks,
-- where comparing each lens with each brick takes minutes at the size of the survey.
bricks_by_zone as (
    select
        *,
        unnest(range(
            floor({{ zones_per_deg }} * (dec1 - {{ reach_deg }}))::integer,
            floor({{ zones_per_deg }} * (dec2 + {{ reach_deg }}))::integer + 1
        )) as zone
    from stg_bricks
),

lens_bricks as (
    select
        bricks_by_zone.brickid,
        known_lenses.known_lens_id,
        known_lenses.ra as lens_ra,
        known_lenses.dec as lens_dec
    from known_lenses
    inner join bricks_by_zone
        on
            known_lenses.zone = bricks_by_zone.zone
            and known_lenses.dec between
                bricks_by_zone.dec1 - {{ reach_deg }} and bricks_by_zone.dec2 + {{ reach_deg }}
            and abs((known_lenses.ra - bricks_by_zone.ra + 540e0) % 360e0 - 180e0)
            <= (bricks_by_zone.ra2 - bricks_by_zone.ra1) / 2e0 + known_lenses.reach_ra_deg
),

lens_neighbours as (
    select
        parent_sources.brickid,
        parent_sources.objid,
        lens_bricks.known_lens_id,
        {{ separation_arcsec(
            'parent_sources.ra', 'parent_sources.dec', 'lens_bricks.lens_ra', 'lens_bricks.lens_dec'
        ) }} as separation_arcsec
    from parent_sources
    inner join lens_bricks on parent_sources.brickid = lens_bricks.brickid
)

select * from lens_neighbours
where separation_arcsec <= {{ var('known_lens_radius_arcsec') }}
