{{ config(materialized="view") }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

source_cuts as (
    select
        brickid,
        objid
    from {{ ref('source_cuts') }}
    where {{ first_failed_cut(applied_cuts()) }} is null
),

merger_partners as (
    select * from {{ ref('merger_partners') }}
),

star_artefact_masks as (
    select
        {{ mask_of_bits('bit', "column_name = 'maskbits'") }} as maskbits_mask,
        {{ mask_of_bits('bit', "column_name = 'anymask'") }} as anymask_mask
    from {{ ref('star_artefact_bits') }}
),

-- ANYMASK is taken from the sweeps in g, r and z only.
confuser_features as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        stg_sources.type,
        stg_sources.flux_r,
        stg_sources.shape_r,
        case
            when stg_sources.type <> 'REX'
                then {{ axis_ratio('stg_sources.shape_e1', 'stg_sources.shape_e2') }}
        end as axis_ratio,
        stg_sources.sersic,
        stg_sources.rmag,
        stg_sources.gmag - stg_sources.rmag as gr,
        stg_sources.rmag_mw,
        stg_sources.gmag_mw - stg_sources.rmag_mw as gr_mw,
        merger_partners.partner_brickid,
        merger_partners.partner_objid,
        merger_partners.partner_separation_arcsec,
        merger_partners.partner_objid is not null as has_merger_partner,
        (stg_sources.maskbits & star_artefact_masks.maskbits_mask) <> 0
        or (
            (stg_sources.anymask_g | stg_sources.anymask_r | stg_sources.anymask_z)
            & star_artefact_masks.anymask_mask
        ) <> 0 as has_star_artefact
    from stg_sources
    inner join source_cuts
        on
            stg_sources.brickid = source_cuts.brickid
            and stg_sources.objid = source_cuts.objid
    cross join star_artefact_masks
    left join merger_partners
        on
            stg_sources.brickid = merger_partners.brickid
            and stg_sources.objid = merger_partners.objid
)

select * from confuser_features
