-- Six bricks in three pairs, a pair to a region; twelve sources to a brick; one entry of a lens list too many.
create table stg_bricks as
select
    i as brickid,
    ['0102p002', '0102p005', '1002p002', '1002p005', '2002p002', '2002p005'][i] as brickname,
    [10.25e0, 10.25e0, 100.25e0, 100.25e0, 200.25e0, 200.25e0][i] as ra,
    [0.25e0, 0.5e0][(i - 1) % 2 + 1] as dec,
    ra - 0.125e0 as ra1,
    ra + 0.125e0 as ra2,
    dec - 0.125e0 as dec1,
    dec + 0.125e0 as dec2,
    (ra2 - ra1) * degrees(sin(radians(dec2)) - sin(radians(dec1))) as area_deg2,
    0.05e0 as ebv,
    1.3e0 as psfsize_r,
    24.5e0 as psfdepth_r
from range(1, 7) as bricks(i);

create table raw_bricks as from stg_bricks;

create table stg_sources as
select
    brickid,
    o as objid,
    10000 as release,
    brickname,
    ['DEV', 'SER', 'REX', 'EXP', 'PSF', 'DEV'][o % 6 + 1] as type,
    ra + (o % 4 - 2) * 0.02e0 as ra,
    dec + (o // 4 - 1) * 0.02e0 as dec,
    0 as maskbits,
    1.32e0 as psfsize_g,
    1.31e0 as psfsize_r,
    1.3e0 as psfsize_z,
    1e0 + o as flux_g,
    4e0 + o as flux_r,
    10e0 + o as flux_z,
    25e0 + 4 * o as flux_w1,
    22.5e0 - 2.5e0 * log10(flux_g) as gmag,
    22.5e0 - 2.5e0 * log10(flux_r) as rmag,
    22.5e0 - 2.5e0 * log10(flux_z) as zmag,
    22.5e0 - 2.5e0 * log10(flux_w1) as w1mag,
    gmag - 0.1e0 as gmag_mw,
    rmag - 0.07e0 as rmag_mw,
    zmag - 0.04e0 as zmag_mw,
    w1mag - 0.01e0 as w1mag_mw,
    pow(10e0, -0.4e0 * 0.04e0) as mw_transmission_z,
    4e0 + o as fiberflux_z,
    5e0 + o as fibertotflux_z,
    9e0 as flux_ivar_g,
    9e0 as flux_ivar_r,
    9e0 as flux_ivar_z,
    9e0 as flux_ivar_w1,
    2 as nobs_g,
    2 as nobs_r,
    2 as nobs_z,
    0e0 as gaia_phot_g_mean_mag,
    (brickid = 1 and o = 1)::integer as n_duplicates,
    'sweep-a.fits' as sweep_file,
    12 * brickid + o as row_index
from stg_bricks cross join range(12) as objects(o);

update stg_sources set flux_g = -1, gmag = null, gmag_mw = null where brickid = 1 and objid = 2;

create table raw_sources as from stg_sources union all (from stg_sources limit 1);

create table stg_known_lenses as
select
    i as known_lens_id,
    'lens ' || i as name,
    [name] as names,
    [10.21e0, 100.3e0][i] as ra,
    [0.23e0, 0.61e0][i] as dec,
    false as is_cluster,
    false as is_cluster_list,
    i as n_entries
from range(1, 3) as lenses(i);

create table raw_known_lenses as
select ra, dec from stg_known_lenses, range(n_entries);

create table stg_ingest_outcomes as
select
    'sweeps' as product,
    file_name,
    is_ok,
    case when not is_ok then '{a_reason_code}' end as reason_code,
    timestamp '2026-01-01' as finished_at
from (values ('sweep-a.fits', true), ('sweep-b.fits', false)) as files(file_name, is_ok);

create table raw_outcomes as from stg_ingest_outcomes;
