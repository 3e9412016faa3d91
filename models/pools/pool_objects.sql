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
        stg_sources.nobs_g,
        stg_sources.nobs_r,
        stg_sources.nobs_z,
        {{ nobs_bin('stg_sources.nobs_z') }} as nobs_z_bin,
        stg_sources.flux_g,
        stg_sources.flux_r,
        stg_sources.flux_z,
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
        stg_sources.psfsize_g,
        stg_sources.psfsize_r,
        stg_sources.psfsize_z,
        stg_sources.psfdepth_g,
        stg_sources.psfdepth_r,
        stg_sources.psfdepth_z,
        stg_sources.galdepth_g,
        stg_sources.galdepth_r,
        stg_sources.galdepth_z,
        stg_sources.ebv,
        stg_sources.maskbits,
        stg_sources.fitbits,
        stg_sources.mw_transmission_g,
        stg_sources.mw_transmission_r,
        stg_sources.mw_transmission_z,
        stg_sources.sweep_file,
        stg_sources.row_index
    from stg_sources
    cross join pool_rules
)

select * from pool_objects
