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

lens_cells as (
    {{ spread_over_sky_cells('stg_known_lenses', radius) }}
),

sources_sharing_a_cell as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        lens_cells.known_lens_id,
        {{ separation_arcsec('lens_cells.ra', 'lens_cells.dec', 'stg_sources.ra', 'stg_sources.dec') }}
            as separation_arcsec
    from stg_sources
    inner join lens_cells
        on lens_cells.sky_cell = {{ sky_cell('stg_sources.ra', 'stg_sources.dec') }}
    where abs(stg_sources.dec - lens_cells.dec) * 3600 <= {{ radius }}
),

sources_near_lenses as (
    select *
    from sources_sharing_a_cell
    where separation_arcsec <= {{ radius }}
)

select * from sources_near_lenses
