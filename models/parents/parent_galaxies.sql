-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

parent_sources as (
    select * from {{ ref('parent_sources') }}
),

parent_bricks as (
    select * from {{ ref('parent_bricks') }}
),

border_splits as (
    select * from {{ ref('border_splits') }}
),

hosts_of_known_lenses as (
    select distinct
        brickid,
        objid
    from {{ ref('lens_neighbours') }}
),

galaxies as (
    select
        stg_sources.*,
        parent_bricks.region_id,
        parent_bricks.brick_split
    from stg_sources
    inner join parent_sources
        on
            stg_sources.brickid = parent_sources.brickid
            and stg_sources.objid = parent_sources.objid
    inner join parent_bricks on stg_sources.brickid = parent_bricks.brickid
),

parent_galaxies as (
    select
        galaxies.brickid,
        galaxies.objid,
        galaxies.brickname,
        galaxies.region_id,
        coalesce(galaxies.brick_split, border_splits.region_split) as region_split,
        galaxies.ra,
        galaxies.dec,
        galaxies.type,
        galaxies.release,
        galaxies.gmag,
        galaxies.rmag,
        galaxies.zmag,
        galaxies.w1mag,
        galaxies.rmag - galaxies.zmag as rz,
        galaxies.zmag - galaxies.w1mag as zw1,
        galaxies.gmag_mw,
        galaxies.rmag_mw,
        galaxies.zmag_mw,
        galaxies.w1mag_mw,
        galaxies.rmag_mw - galaxies.zmag_mw as rz_mw,
        galaxies.zmag_mw - galaxies.w1mag_mw as zw1_mw,
        galaxies.shape_r,
        galaxies.shape_e1,
        galaxies.shape_e2,
        galaxies.sersic,
        galaxies.ebv,
        galaxies.maskbits,
        {%- for variant in lrg_variants() %}
        {{ is_lrg(variant) }} as is_{{ variant }},
        {%- endfor %}
        galaxies.gmag is not null as gmag_valid,
        hosts_of_known_lenses.objid is not null as is_near_known_lens
    from galaxies
    left join border_splits
        on
            galaxies.brickid = border_splits.brickid
            and galaxies.objid = border_splits.objid
    left join hosts_of_known_lenses
        on
            galaxies.brickid = hosts_of_known_lenses.brickid
            and galaxies.objid = hosts_of_known_lenses.objid
)

select * from parent_galaxies
