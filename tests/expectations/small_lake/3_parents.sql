-- Every source with a shape is a parent: the fluxes pass v3, v4 and v5.
create table parent_sources as
select brickid, objid, ra, dec from stg_sources
where type <> 'PSF' and rmag - zmag > 0.4 and zmag - w1mag > 0.8;

create table brick_selections as
with judged as (
    select
        *,
        case when type <> 'PSF' and rmag - zmag > 0.4 and zmag - w1mag > 0.8 then 0 else 5 end as failed_cut
    from stg_sources
)
select
    brickid,
    failed_cut,
    count(*) as n_sources,
    list({'objid': objid, 'ra': ra, 'dec': dec}) filter (where failed_cut = 0) as passed
from judged
group by brickid, failed_cut;

create table parent_galaxies as
select
    brickid,
    objid,
    stg_sources.brickname,
    region_id,
    ['train', 'val', 'test'][region_id + 1] as region_split,
    stg_sources.ra,
    stg_sources.dec,
    type,
    gmag,
    rmag,
    zmag,
    w1mag,
    rmag - zmag as rz,
    zmag - w1mag as zw1,
    gmag_mw,
    rmag_mw,
    zmag_mw,
    w1mag_mw,
    rmag_mw - zmag_mw as rz_mw,
    zmag_mw - w1mag_mw as zw1_mw,
    maskbits,
    0.05e0 as ebv,
    stg_sources.psfsize_r,
    zmag < 20.0 and rz > 0.5 and zw1 > 1.6 as is_v1_pure_massive,
    zmag < 20.4 and rz > 0.4 and zw1 > 1.6 as is_v2_baseline_dr10,
    true as is_v3_color_relaxed,
    true as is_v4_mag_relaxed,
    true as is_v5_very_relaxed,
    -- Too blue in z - W1 for their r - z.
    false as is_desi_lrg_south,
    false as is_desi_lrg_north,
    false as is_zhou2020_south,
    false as is_zhou2020_north,
    false as is_zhou2021_south,
    false as is_zhou2021_north,
    gmag is not null as gmag_valid,
    brickid = 1 and objid = 0 as is_near_known_lens
from stg_sources inner join bricks_with_region using (brickid)
where type <> 'PSF' and rz > 0.4 and zw1 > 0.8;

create table parent_funnel as
with cuts as (
    select brickid, count(*) as n_sources, count(*) filter (where type <> 'PSF') as n_shaped,
        count(*) filter (where (brickid, objid) in (select (brickid, objid) from parent_galaxies)) as n_parents
    from stg_sources group by brickid
)
select
    'v3_color_relaxed' as parent_variant, brickid::varchar as brick_group, 1 as cut_order,
    'type' as cut_name, n_sources as n_in, n_sources - n_shaped as n_cut, n_shaped as n_out
from cuts
union all
select
    'v3_color_relaxed', brickid::varchar, 2, 'colour', n_shaped, n_shaped - n_parents, n_parents
from cuts;

-- Brick 6 reaches over a border; the galaxy at the first lens is a parent.
create table border_splits as
select brickid, objid, region_split from parent_galaxies where brickid = 6;

create table lens_neighbours as
select
    brickid,
    objid,
    known_lens_id,
    2 * 3600 * degrees(asin(sqrt(
        pow(sin(radians(galaxies.dec - lenses.dec) / 2), 2)
        + cos(radians(galaxies.dec)) * cos(radians(lenses.dec))
        * pow(sin(radians(galaxies.ra - lenses.ra) / 2), 2)
    ))) as separation_arcsec
from parent_galaxies as galaxies cross join stg_known_lenses as lenses
where separation_arcsec <= 20;
