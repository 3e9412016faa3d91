{{ config(materialized="view") }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

nearest_lenses as (
    select * from {{ ref('nearest_lenses') }}
),

source_cuts as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        {%- for cut in source_cuts() %}
        {{ fails(cut) }} as fails_{{ cut }},
        {%- endfor %}
        {%- for band in var('bands') %}
        {{ fails('exposures_' ~ band) }} as fails_exposures_{{ band }},
        {%- endfor %}
        nearest_lenses.nearest_lens_arcsec
    from stg_sources
    cross join pool_rules
    left join nearest_lenses
        on
            stg_sources.brickid = nearest_lenses.brickid
            and stg_sources.objid = nearest_lenses.objid
)

select * from source_cuts
