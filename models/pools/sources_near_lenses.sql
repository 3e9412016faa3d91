{%- set radius = [var('pool_match_radius_arcsec'), var('pool_widest_exclusion_arcsec')] | max -%}
with

stg_sources as (
    select
        brickid,
        objid,
        ra,
        dec
    from {{ ref('stg_sources') }}
    where {{ is_position('ra', 'dec') }}
),

stg_known_lenses as (
    select
        known_lens_id,
        ra,
        dec
    from {{ ref('stg_known_lenses') }}
),

pairs as (
    {{ positions_within('stg_known_lenses', 'stg_sources', radius) | indent(4) }}
),

sources_near_lenses as (
    select
        right_brickid as brickid,
        right_objid as objid,
        left_known_lens_id as known_lens_id,
        separation_arcsec
    from pairs
)

select * from sources_near_lenses
