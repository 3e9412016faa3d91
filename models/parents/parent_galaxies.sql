-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

parent_cuts as (
    select * from {{ ref('parent_cuts') }}
),

split_cells as (
    select * from {{ ref('split_cells') }}
),

hosts_of_known_lenses as (
    select distinct
        brickid,
        objid
    from {{ ref('lens_neighbours') }}
),

-- Only galaxies of bricks that may touch a border need the search for near cells.
galaxies as (
    select
        *,
        case when brick_split is null then {{ near_cells('ra', 'dec') }} end as near_cells
    from parent_cuts
    where failed_cut = 0
),

parent_galaxies as (
    select
        galaxies.brickid,
        galaxies.objid,
        galaxies.brickname,
        galaxies.region_id,
        coalesce(
            galaxies.brick_split,
            {{ split_of_near_cells('galaxies.near_cells') }}
        ) as region_split,
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
    left join hosts_of_known_lenses
        on
            galaxies.brickid = hosts_of_known_lenses.brickid
            and galaxies.objid = hosts_of_known_lenses.objid
)

select * from parent_galaxies
