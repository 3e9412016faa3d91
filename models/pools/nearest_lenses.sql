{{ config(materialized="view") }}
with

sources_near_lenses as (
    select * from {{ ref('sources_near_lenses') }}
),

nearest_lenses as (
    select
        brickid,
        objid,
        min(separation_arcsec) as nearest_lens_arcsec
    from sources_near_lenses
    group by brickid, objid
)

select * from nearest_lenses
