"""The raw tables of the lake: their columns, and how rows get into them."""

from collections.abc import Iterable
from dataclasses import replace

import duckdb
import pyarrow as pa

from pixels.binary_table import Column


def _columns(
    sql_type: str, names: str, *, is_optional: bool = False, unit: str = ""
) -> list[Column]:
    """List columns of one type; ``flux_{g,r}`` is ``flux_g`` and ``flux_r``."""
    columns = []
    for name in names.split():
        stem, _, suffixes = name.partition("{")
        for suffix in suffixes.rstrip("}").split(","):
            columns.append(Column(stem + suffix, sql_type, is_optional, unit))
    return columns


def _with_optional_i_band(columns: Iterable[Column]) -> list[Column]:
    """Make the i band optional: a DR9 file has none of its columns."""
    return [replace(c, is_optional=c.name.endswith("_i")) for c in columns]


SOURCE_COLUMNS = _with_optional_i_band(
    [
        *_columns("smallint", "release"),
        *_columns("integer", "brickid"),
        *_columns("varchar", "brickname"),
        *_columns("integer", "objid"),
        *_columns("varchar", "type"),
        *_columns("double", "ra dec", unit="deg"),
        *_columns("float[]", "dchisq"),
        *_columns("float", "ebv"),
        *_columns("float", "flux_{g,r,i,z,w1,w2}", unit="nmgy"),
        *_columns("float", "flux_ivar_{g,r,i,z,w1,w2}", unit="1/nmgy2"),
        *_columns("float", "mw_transmission_{g,r,i,z,w1,w2}"),
        *_columns("smallint", "nobs_{g,r,i,z}"),
        *_columns("float", "rchisq_{g,r,z} fracflux_{g,r,z} fracmasked_{g,r,z} fracin_{g,r,z}"),
        *_columns("smallint", "anymask_{g,r,z} allmask_{g,r,z}"),
        *_columns("float", "psfsize_{g,r,i,z}", unit="arcsec"),
        *_columns("float", "psfdepth_{g,r,i,z} galdepth_{g,r,i,z}", unit="1/nmgy2"),
        *_columns("float", "shape_r", unit="arcsec"),
        *_columns("float", "shape_r_ivar", unit="1/arcsec2"),
        *_columns("float", "shape_e1 shape_e2 sersic"),
        *_columns("float", "fiberflux_{g,r,z} fibertotflux_{g,r,z}", unit="nmgy"),
        *_columns("varchar", "ref_cat"),
        *_columns("float", "gaia_phot_g_mean_mag"),
        *_columns("integer", "maskbits"),
        *_columns("smallint", "fitbits"),
    ]
)

BRICK_COLUMNS = [
    *_columns("varchar", "brickname"),
    *_columns("double", "ra dec", unit="deg"),
    *_columns("smallint", "nexp_{g,r,z}"),
    *_columns("smallint", "nexp_i", is_optional=True),
    *_columns("integer[]", "nexphist_{g,r,i,z}", is_optional=True),
    *_columns("integer", "nobjs npsf nsimp nrex nexp ndev ncomp nser ndup", is_optional=True),
    *_columns("float", "psfsize_{g,r,z} psfdepth_{g,r,z} galdepth_{g,r,z} ebv"),
    *_columns("float", "psfsize_i psfdepth_i galdepth_i", is_optional=True),
    *_columns("float", "trans_{g,r,i,z} cosky_{g,r,i,z} ext_{g,r,i,z}", is_optional=True),
    *_columns("smallint[]", "wise_nobs", is_optional=True),
    *_columns("float[]", "trans_wise", is_optional=True),
    *_columns("float", "ext_{w1,w2,w3,w4}", is_optional=True),
    *_columns("integer", "brickid"),
    *_columns("double", "ra1 ra2 dec1 dec2", unit="deg"),
    *_columns("double", "area", is_optional=True),
    *_columns("boolean", "survey_primary in_desi", is_optional=True),
]

LENS_COLUMNS = [
    *_columns("varchar", "name"),
    *_columns("double", "ra dec"),
    *_columns("varchar", "zlens type grading ref"),
    *_columns("boolean", "is_cluster_list"),
]

SCORE_COLUMNS = [
    *_columns("varchar", "object_kind object_id finder"),
    *_columns("double", "score"),
]

OUTCOME_COLUMNS = [
    *_columns("varchar", "product file_name brickname band"),
    *_columns("boolean", "is_ok"),
    *_columns("varchar", "reason_code message"),
    *_columns("bigint", "n_rows n_bytes"),
    *_columns("varchar", "sha256"),
    *_columns("integer", "n_tries"),
    *_columns("double", "seconds"),
    *_columns("varchar", "source source_version"),
    Column("finished_at", "timestamptz"),
]

RAW_TABLES = {
    "raw_sources": [
        *SOURCE_COLUMNS,
        *_columns("bigint", "row_index"),
        Column("sweep_file", "varchar"),
    ],
    "raw_bricks": [
        *BRICK_COLUMNS,
        *_columns("varchar", "pipeline"),
        *_columns("bigint", "row_index"),
        Column("source_file", "varchar"),
    ],
    "raw_known_lenses": [
        *LENS_COLUMNS,
        *_columns("bigint", "row_index"),
        Column("source_file", "varchar"),
    ],
    "raw_finder_scores": [*SCORE_COLUMNS, Column("source_file", "varchar")],
    "raw_outcomes": OUTCOME_COLUMNS,
}


def make_raw_tables(lake: duckdb.DuckDBPyConnection) -> None:
    """Make the raw tables that are missing; later stages need them all.

    A table made by an earlier version gets the columns that it lacks, with nulls.
    """
    for table, columns in RAW_TABLES.items():
        definitions = [f'"{column.name}" {column.sql_type}' for column in columns]
        lake.execute(f"create table if not exists {table} ({', '.join(definitions)})")
        present = {row[0] for row in lake.execute(f"describe {table}").fetchall()}
        for column, definition in zip(columns, definitions, strict=True):
            if column.name not in present:
                lake.execute(f"alter table {table} add column {definition}")


def delete_rows(lake: duckdb.DuckDBPyConnection, table: str, file_name: str) -> int:
    """Delete the rows of one file; return their number."""
    file_column = RAW_TABLES[table][-1].name
    deleted = lake.execute(f"delete from {table} where {file_column} = ?", [file_name]).fetchone()
    return int(deleted[0]) if deleted else 0


def replace_rows(
    lake: duckdb.DuckDBPyConnection, table: str, file_name: str, rows: pa.RecordBatchReader
) -> int:
    """Replace the rows of an earlier version of a file; return their number.

    Runs inside the caller's transaction. The file's name goes into the last column of the table.

    Parameters
    ----------
    lake : DuckDBPyConnection
    table : str
        One of `RAW_TABLES`.
    file_name : str
    rows : pa.RecordBatchReader
        The table's columns but the last, in their units there.

    Returns
    -------
    int
        Number of rows inserted.
    """
    delete_rows(lake, table, file_name)
    *columns, file_column = RAW_TABLES[table]
    names = ", ".join(f'"{column.name}"' for column in columns)
    lake.register("incoming_rows", rows)
    try:
        inserted = lake.execute(
            f"insert into {table} ({names}, {file_column.name}) "
            f"select {names}, ? from incoming_rows",
            [file_name],
        ).fetchone()
    finally:
        lake.unregister("incoming_rows")
    return int(inserted[0]) if inserted else 0
