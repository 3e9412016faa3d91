{%- set max_colour_difference = var('pool_merger_max_colour_difference_mag') -%}
{%- set min_flux_ratio = var('pool_merger_min_flux_ratio') -%}
with

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

bright_galaxies as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        stg_sources.ra,
        stg_sources.dec,
        stg_sources.flux_z,
        stg_sources.gmag_mw - stg_sources.rmag_mw as gr_mw,
        stg_sources.rmag_mw - stg_sources.zmag_mw as rz_mw
    from {{ ref('stg_sources') }} as stg_sources
    cross join pool_rules
    where
        list_contains(pool_rules.types, stg_sources.type)
        and isfinite(stg_sources.flux_z)
        and stg_sources.flux_z > pool_rules.flux_z_min_nmgy * {{ min_flux_ratio }}
        and {{ is_position('stg_sources.ra', 'stg_sources.dec') }}
),

-- Each galaxy (right) with the others (left) around it.
pairs as (
    {{ positions_within(
        'bright_galaxies', 'bright_galaxies', var('pool_merger_radius_arcsec')
    ) | indent(4) }}
),

alike_pairs as (
    select * from pairs
    where
        (left_brickid <> right_brickid or left_objid <> right_objid)
        and abs(left_gr_mw - right_gr_mw) <= {{ max_colour_difference }}
        and abs(left_rz_mw - right_rz_mw) <= {{ max_colour_difference }}
        and left_flux_z >= right_flux_z * {{ min_flux_ratio }}
),

merger_partners as (
    select
        right_brickid as brickid,
        right_objid as objid,
        left_brickid as partner_brickid,
        left_objid as partner_objid,
        separation_arcsec as partner_separation_arcsec
    from alike_pairs
    qualify row_number() over (
        partition by right_brickid, right_objid
        order by separation_arcsec, left_brickid, left_objid
    ) = 1
)

select * from merger_partners
