{{ config(materialized="view") }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

pool_objects as (
    select
        stg_sources.brickname || '_' || stg_sources.objid as galaxy_id,
        stg_sources.brickid,
        stg_sources.objid,
        stg_sources.brickname,
        stg_sources.ra,
        stg_sources.dec,
        stg_sources.type,
        case
            when list_contains(pool_rules.types, stg_sources.type) then stg_sources.type
            else 'OTHER'
        end as type_bin,
        {%- for band in var('bands') %}
        stg_sources.nobs_{{ band }},
        {%- endfor %}
        {{ nobs_bin('stg_sources.nobs_z') }} as nobs_z_bin,
        {%- for band in var('bands') %}
        stg_sources.flux_{{ band }},
        {%- endfor %}
        stg_sources.flux_w1,
        stg_sources.gmag,
        stg_sources.rmag,
        stg_sources.zmag,
        stg_sources.w1mag,
        stg_sources.gmag - stg_sources.rmag as gr,
        stg_sources.rmag - stg_sources.zmag as rz,
        stg_sources.zmag - stg_sources.w1mag as zw1,
        stg_sources.shape_r,
        stg_sources.shape_e1,
        stg_sources.shape_e2,
        stg_sources.sersic,
        {%- for band in var('bands') %}
        stg_sources.psfsize_{{ band }},
        {%- endfor %}
        {%- for band in var('bands') %}
        stg_sources.psfdepth_{{ band }},
        {%- endfor %}
        {%- for band in var('bands') %}
        stg_sources.galdepth_{{ band }},
        {%- endfor %}
        stg_sources.ebv,
        stg_sources.maskbits,
        stg_sources.fitbits,
        {%- for band in var('bands') %}
        stg_sources.mw_transmission_{{ band }},
        {%- endfor %}
        stg_sources.sweep_file,
        stg_sources.row_index
    from stg_sources
    cross join pool_rules
)

select * from pool_objects
