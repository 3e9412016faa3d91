"""A made-up catalogue of any size, written straight into the lake: for benchmarks and tests.

Bricks are the survey's own: rows of 0.25 degrees in declination, an even number of columns in each,
numbered from the south pole (Legacy Surveys; desiutil.brick). What is measured in them (seeing,
depth, dust, sources) is drawn with DuckDB's hash() of one number (of several, it only mixes their
bits), which is stable within one version: enough for a benchmark and for comparisons within one
run, and nothing that the pipeline itself may use.
"""

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

BRICK_DEG = 0.25
COLUMNS_AT_EQUATOR = 1440


def brick_grid() -> pa.Table:
    """All bricks of the sky.

    Returns
    -------
    pyarrow.Table
        brickid, brickname, ra, dec, ra1, ra2, dec1, dec2 (deg); 662,174 rows.
    """
    centre = np.arange(-90.0, 90.0 + BRICK_DEG / 2, BRICK_DEG)
    nearest_edge = np.maximum(np.abs(centre) - BRICK_DEG / 2, 0.0)
    columns = np.maximum(
        2 * np.ceil(COLUMNS_AT_EQUATOR * np.cos(np.radians(nearest_edge)) / 2).astype(int), 1
    )
    columns[[0, -1]] = 1
    row = np.repeat(np.arange(len(centre)), columns)
    column = np.arange(len(row)) - np.repeat(np.cumsum(columns) - columns, columns)
    width = 360.0 / columns[row]
    ra, dec = (column + 0.5) * width, centre[row]
    return pa.table(
        {
            "brickid": np.arange(1, len(row) + 1, dtype=np.int32),
            "brickname": brick_names(ra, dec),
            "ra": ra,
            "dec": dec,
            "ra1": column * width,
            "ra2": (column + 1) * width,
            "dec1": np.maximum(dec - BRICK_DEG / 2, -90.0),
            "dec2": np.minimum(dec + BRICK_DEG / 2, 90.0),
        }
    )


def brick_names(ra: np.ndarray, dec: np.ndarray) -> list[str]:
    """Names of brick centres: tenths of a degree, cut off after rounding to 1e-4.

    Parameters
    ----------
    ra, dec : (n,) float, deg

    Returns
    -------
    list of str
    """
    ra_digits = np.rint(ra * 1e4).astype(int) // 1000
    dec_digits = np.rint(np.abs(dec) * 1e4).astype(int) // 1000
    signs = np.where(dec < 0, "m", "p")
    parts = zip(ra_digits.tolist(), signs.tolist(), dec_digits.tolist(), strict=True)
    return [f"{r:04d}{sign}{d:03d}" for r, sign, d in parts]


BRICKS_SQL = """
create or replace table {table} as
with drawn as (
    select *, hash(brickid * 10 + 1) / 18446744073709551616e0 as u1,
        hash(brickid * 10 + 2) / 18446744073709551616e0 as u2,
        hash(brickid * 10 + 3) / 18446744073709551616e0 as u3
    from brick_grid where {footprint}
)
select brickid::integer as brickid, brickname, ra, dec, ra1, ra2, dec1, dec2,
    (2 + 6 * u1)::smallint as nexp_g, (2 + 6 * u2)::smallint as nexp_r,
    0::smallint as nexp_i, (2 + 6 * u3)::smallint as nexp_z,
    (1.45 + 0.25 * (u1 - 0.5) + 0.1 * sin(radians(3 * ra)))::float as psfsize_g,
    (1.28 + 0.30 * (u1 - 0.5) + 0.1 * sin(radians(3 * ra)))::float as psfsize_r,
    0::float as psfsize_i,
    (1.18 + 0.25 * (u1 - 0.5) + 0.1 * sin(radians(3 * ra)))::float as psfsize_z,
    (24.9 + 0.8 * (u2 - 0.5) + 0.2 * cos(radians(2 * dec)))::float as psfdepth_g,
    (24.3 + 0.8 * (u2 - 0.5) + 0.2 * cos(radians(2 * dec)))::float as psfdepth_r,
    0::float as psfdepth_i,
    (23.3 + 0.8 * (u2 - 0.5) + 0.2 * cos(radians(2 * dec)))::float as psfdepth_z,
    (24.6 + 0.8 * (u2 - 0.5))::float as galdepth_g,
    (24.0 + 0.8 * (u2 - 0.5))::float as galdepth_r,
    0::float as galdepth_i,
    (23.0 + 0.8 * (u2 - 0.5))::float as galdepth_z,
    (0.02 + 0.08 * u3 * u3 + 0.02 * abs(sin(radians(ra))))::float as ebv,
    true as survey_primary, true as in_desi, 'made-up bricks' as source_file
from drawn order by brickid
"""

RED_SHARE = 1 / 3  # of the sources, which have the colours of a luminous red galaxy
W1_LOST = (
    0.15  # of the other sources, whose flux in W1 is measured below 0: they have no magnitude there
)
# Fluxes follow number counts.
SOURCES_SQL = """
create or replace table {table} as
with rows_of_bricks as (
    select brickid::bigint as brickid, brickname, ra1, ra2, dec1, dec2, ebv, psfsize_g, psfsize_r,
        psfsize_z, psfdepth_r, nexp_g, nexp_r, nexp_z, unnest(range({per_brick})) as objid
    from {bricks}
),
drawn as (
    select *, hash(brickid * 1000000 + objid * 10 + 1) / 18446744073709551616e0 as u1,
        hash(brickid * 1000000 + objid * 10 + 2) / 18446744073709551616e0 as u2,
        hash(brickid * 1000000 + objid * 10 + 3) / 18446744073709551616e0 as u3,
        hash(brickid * 1000000 + objid * 10 + 4) / 18446744073709551616e0 as u4
    from rows_of_bricks
),
galaxies as (
    select *, u1 < {red_share} as is_red,
        case when u1 < {red_share} then 18.2 + 2.2 * sqrt(u2) else 24 + 2 * log10(u2 + 1e-3) end as z_mag,
        case when u1 < {red_share} then 0.5 + 1.2 * u3 else 0.9 * u3 - 0.2 end as r_minus_z,
        case when u1 < {red_share} then 0.8 + 1.0 * u4 else 1.0 * u4 - 0.6 end as z_minus_w1
    from drawn
)
select 10002::smallint as release, brickid::integer as brickid, brickname, objid::integer as objid,
    case when not is_red and u4 < 0.5 then 'PSF' when u4 < 0.35 then 'DEV'
        when u4 < 0.6 then 'REX' when u4 < 0.85 then 'SER' else 'EXP' end as type,
    ra1 + (ra2 - ra1) * u4 as ra, dec1 + (dec2 - dec1) * u1 as dec,
    [0, 0, 0, 0, 0]::float[] as dchisq, ebv,
    {fluxes}
    nexp_g as nobs_g, nexp_r as nobs_r, 0::smallint as nobs_i, nexp_z as nobs_z,
    1::float as rchisq_g, 1::float as rchisq_r, 1::float as rchisq_z,
    psfsize_g, psfsize_r, 0::float as psfsize_i, psfsize_z,
    pow(10e0, 0.8 * (psfdepth_r - 22.5))::float as psfdepth_r,
    pow(10e0, 0.8 * (psfdepth_r - 22.8))::float as galdepth_r,
    pow(10e0, 0.8 * (psfdepth_r - 21.9))::float as psfdepth_g,
    pow(10e0, 0.8 * (psfdepth_r - 23.5))::float as psfdepth_z,
    pow(10e0, 0.8 * (psfdepth_r - 22.2))::float as galdepth_g,
    pow(10e0, 0.8 * (psfdepth_r - 23.8))::float as galdepth_z,
    (0.6 * u3)::float as fracflux_r,
    0::smallint as anymask_g, 0::smallint as anymask_r, 0::smallint as anymask_z,
    (0.4 + 2 * u2)::float as shape_r, 100::float as shape_r_ivar,
    (0.6 * (u3 - 0.5))::float as shape_e1, (0.6 * (u4 - 0.5))::float as shape_e2,
    (1 + 4 * u2)::float as sersic,
    pow(10e0, 0.4 * (22.5 - z_mag - 0.4))::float as fiberflux_z,
    pow(10e0, 0.4 * (22.5 - z_mag - 0.3))::float as fibertotflux_z,
    '' as ref_cat, 0::float as gaia_phot_g_mean_mag, 0::integer as maskbits, 0::smallint as fitbits,
    'made-up.fits' as sweep_file, row_number() over () - 1 as row_index
from galaxies
"""

EXTINCTION = {"g": 3.214, "r": 2.165, "i": 1.592, "z": 1.211, "w1": 0.184, "w2": 0.113}
MAGNITUDES = {
    "g": "z_mag + r_minus_z * 1.9 + 0.1",
    "r": "z_mag + r_minus_z",
    "z": "z_mag",
    "w1": "z_mag - z_minus_w1",
}


def flux_columns() -> str:
    """SELECT items of the fluxes, their inverse variances and the Milky Way's transmission."""
    items = []
    for band, coefficient in EXTINCTION.items():
        magnitude = MAGNITUDES.get(band)
        flux = f"pow(10e0, 0.4 * (22.5 - ({magnitude})))" if magnitude else "0"
        if band == "w1":
            flux = f"case when not is_red and u4 < {W1_LOST} then -0.1 else {flux} end"
        items += [
            f"({flux})::float as flux_{band}",
            f"({'300 + 200 * u3' if magnitude else '0'})::float as flux_ivar_{band}",
            f"pow(10e0, -0.4 * {coefficient} * ebv)::float as mw_transmission_{band}",
        ]
    return "".join(item + ",\n    " for item in items)


def sources_sql(table: str, bricks: str, per_brick: int) -> str:
    """The statement that writes `per_brick` sources for each brick of a table."""
    return SOURCES_SQL.format(
        table=table, bricks=bricks, per_brick=per_brick, fluxes=flux_columns(), red_share=RED_SHARE
    )


def _magnitude(flux: str) -> str:
    """A magnitude as staging makes it: none for a flux that is not positive."""
    return f"case when {flux} > 0 then 22.5e0 - 2.5e0 * log10({flux}) end"


def write_staged_sources(connection: DuckDBPyConnection, bricks: str, per_brick: int) -> None:
    """Write ``stg_sources`` for a table of bricks, without a raw table before it."""
    magnitudes = ", ".join(
        f"{_magnitude(f'flux_{band}::double')} as {band}mag,"
        f" {_magnitude(f'flux_{band}::double / mw_transmission_{band}')} as {band}mag_mw"
        for band in ("g", "r", "z", "w1")
    )
    sources = sources_sql("stg_sources", bricks, per_brick)
    head, _, query = sources.partition(" as\n")
    connection.execute(
        f"{head} as select *, {magnitudes}, 0::integer as n_duplicates from ({query})"
    )


def write_bricks(connection: DuckDBPyConnection, table: str, footprint: str) -> int:
    """Write the bricks that satisfy an SQL condition; returns how many."""
    connection.register("brick_grid", brick_grid())
    connection.execute(BRICKS_SQL.format(table=table, footprint=footprint))
    connection.unregister("brick_grid")
    return connection.execute(f"select count(*) from {table}").fetchone()[0]


def write_sources(connection: DuckDBPyConnection, table: str, bricks: str, per_brick: int) -> int:
    """Write ``per_brick`` sources for each brick; returns how many."""
    connection.execute(sources_sql(table, bricks, per_brick))
    return connection.execute(f"select count(*) from {table}").fetchone()[0]
