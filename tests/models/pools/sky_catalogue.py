"""A small random catalogue over the RA seam, the south pole and a plain field, as raw tables."""

import duckdb
import numpy as np
import pyarrow as pa

from ingest.raw_tables import RAW_TABLES, make_raw_tables

FIELDS = {
    "seam": (0.0, -10.0),
    "pole": (77.0, -89.97),
    "plain": (150.0, 2.0),
    "north": (200.0, 33.0),
    "val": (30.0, 20.0),
    "test": (100.0, 25.0),
}
FIELD_RADIUS_DEG = 0.12
N_PER_FIELD = 1500
N_LENSES_PER_FIELD = 40
SEAM_SOURCE = 10  # row of a source just east of RA 0, with a lens just west of it
N_CLUSTER_ROWS = 5
UNKNOWN_GRADES = slice(5, 8)
TYPES = ("PSF", "REX", "EXP", "DEV", "SER", "DUP")


def offset_positions(rng, ra, dec, radius_deg):
    """Positions uniform in circles about others, exact at the poles.

    Parameters
    ----------
    ra, dec : (n,) float, deg
    radius_deg : float, deg

    Returns
    -------
    (n,) float, deg
        Right ascension and declination.
    """
    distance = np.radians(radius_deg) * np.sqrt(rng.random(len(ra)))
    bearing = 2 * np.pi * rng.random(len(ra))
    sin_dec = np.sin(np.radians(dec)) * np.cos(distance) + np.cos(np.radians(dec)) * np.sin(
        distance
    ) * np.cos(bearing)
    delta = np.arctan2(
        np.sin(bearing) * np.sin(distance) * np.cos(np.radians(dec)),
        np.cos(distance) - np.sin(np.radians(dec)) * sin_dec,
    )
    return np.mod(ra + np.degrees(delta), 360.0), np.degrees(np.arcsin(sin_dec))


def random_sources(rng):
    """Columns of `raw_sources` with everything that a cut looks at varied."""
    centres = np.repeat(np.array(list(FIELDS.values())), N_PER_FIELD, axis=0)
    ra, dec = offset_positions(rng, centres[:, 0], centres[:, 1], FIELD_RADIUS_DEG)
    n = len(ra)
    field = np.repeat(np.arange(len(FIELDS)), N_PER_FIELD)
    flux_z = (10 ** (0.4 * (22.5 - rng.uniform(17, 21.5, n)))).astype("f4")
    flux_z[rng.random(n) < 0.03] *= -1
    flux_z[:5] = np.nan
    ra[5:8] = np.nan
    ra[SEAM_SOURCE], dec[SEAM_SOURCE] = 0.0003, -10.0
    gr, rz = rng.normal(1.0, 0.5, n), rng.normal(0.8, 0.3, n)
    columns = {
        "release": np.full(n, 10000, "i2"),
        "brickid": (1000 + field).astype("i4"),
        "brickname": np.array([f"{1000 + i:04d}m{i:03d}" for i in field]),
        "objid": np.tile(np.arange(N_PER_FIELD, dtype="i4"), len(FIELDS)),
        "type": rng.choice(TYPES, n, p=[0.3, 0.2, 0.15, 0.15, 0.15, 0.05]),
        "ra": ra,
        "dec": dec,
        "dchisq": list(np.sort(rng.uniform(0, 200, (n, 5)), axis=1).astype("f4")),
        "ebv": rng.uniform(0, 0.3, n).astype("f4"),
        "flux_z": flux_z,
        "flux_r": (flux_z * 10 ** (-0.4 * rz)).astype("f4"),
        "flux_g": (flux_z * 10 ** (-0.4 * (rz + gr))).astype("f4"),
        "flux_w1": flux_z,
        "fracflux_r": rng.uniform(0, 1, n).astype("f4"),
        "shape_r": rng.uniform(0.2, 4, n).astype("f4"),
        "shape_e1": rng.normal(0, 0.25, n).astype("f4"),
        "shape_e2": rng.normal(0, 0.25, n).astype("f4"),
        "sersic": rng.uniform(0.5, 6, n).astype("f4"),
        "maskbits": (1 << rng.integers(0, 40, n) % 31).astype("i4") * (rng.random(n) < 0.5),
    }
    for band in "grz":
        columns[f"nobs_{band}"] = rng.integers(1, 14, n).astype("i2")
        columns[f"psfsize_{band}"] = rng.uniform(1, 2, n).astype("f4")
        columns[f"psfdepth_{band}"] = rng.uniform(300, 3000, n).astype("f4")
        columns[f"galdepth_{band}"] = rng.uniform(200, 2000, n).astype("f4")
        columns[f"mw_transmission_{band}"] = rng.uniform(0.8, 1, n).astype("f4")
        columns[f"anymask_{band}"] = ((rng.random(n) < 0.02) * 2).astype("i2")
    return columns


def random_lenses(rng, sources):
    """Columns of `raw_known_lenses`: beside sources, two on one source, across RA 0, in the void,
    and outside; the first from catalogues of clusters, the next with a grade of no rule set."""
    finite = np.flatnonzero(np.isfinite(sources["ra"]))
    hosts = rng.choice(finite, N_LENSES_PER_FIELD * len(FIELDS), replace=False)
    ra, dec = offset_positions(rng, sources["ra"][hosts], sources["dec"][hosts], 7 / 3600)
    # Second lenses 2.5-4.9 arcsec from the first hosts: too far apart for one entry.
    again = hosts[:20]
    ra_2, dec_2 = offset_positions(rng, sources["ra"][again], sources["dec"][again], 4.9 / 3600)
    ra = np.concatenate([ra, ra_2, [359.9997, 300.0, 10.0]])
    dec = np.concatenate([dec, dec_2, [-10.0, 40.0, 75.0]])
    n = len(ra)
    grading = rng.choice(["confident", "probable"], n)
    grading[UNKNOWN_GRADES] = "D"
    return {
        "name": np.array([f"lens {i}" for i in range(n)]),
        "ra": ra,
        "dec": dec,
        "zlens": np.full(n, "-"),
        "type": np.full(n, "galaxy"),
        "grading": grading,
        "ref": np.full(n, "made up"),
        "is_cluster_list": np.arange(n) < N_CLUSTER_ROWS,
    }


def field_bricks():
    """Columns of `raw_bricks`: one wide brick per field; the seam's field has one on each side."""
    rows = [
        (1000, "1000m000", 359.0, 360.0, -11.0, -9.0),
        (1001, "1001m001", 0.0, 360.0, -90.0, -89.5),
        (1002, "1002m002", 149.0, 151.0, 1.0, 3.0),
        (1003, "1003m003", 199.0, 201.0, 32.0, 34.0),
        (1004, "1004p004", 29.0, 31.0, 19.0, 21.0),
        (1005, "1005p005", 99.0, 101.0, 24.0, 26.0),
        (1006, "1006m006", 0.0, 1.0, -11.0, -9.0),
    ]
    columns = dict(
        zip(
            ("brickid", "brickname", "ra1", "ra2", "dec1", "dec2"),
            zip(*rows, strict=True),
            strict=True,
        )
    )
    columns = {name: np.array(values) for name, values in columns.items()}
    columns["ra"] = (columns["ra1"] + columns["ra2"]) / 2
    columns["dec"] = (columns["dec1"] + columns["dec2"]) / 2
    return columns


def _insert(connection, table, columns):
    rows = pa.table({name: pa.array(list(values)) for name, values in columns.items()})
    connection.register("rows", rows)
    connection.execute(f"insert into {table} by name select * from rows")
    connection.unregister("rows")


def raw_columns():
    """Draw the columns of sources and of lenses; the same at every call."""
    rng = np.random.default_rng(7)
    sources = random_sources(rng)
    return sources, random_lenses(rng, sources)


def write_raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the raw tables of a lake."""
    sources, lenses = raw_columns()
    make_raw_tables(connection)
    for table, columns in (
        ("raw_sources", sources),
        ("raw_known_lenses", lenses),
        ("raw_bricks", field_bricks()),
    ):
        n = len(columns["ra"])
        extra = {"row_index": np.arange(n), RAW_TABLES[table][-1].name: np.full(n, "made up")}
        _insert(connection, table, columns | extra)
