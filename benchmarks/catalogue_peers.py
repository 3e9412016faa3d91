"""Selection with funnel, by the project and by its peers on the same columns, in one run.

Three ways to the same two results, the keys of the parents (written) and the number of sources that
fail each cut first: the project's SQL on the lake, the same SQL on plain Parquet, and polars'
streaming engine on that Parquet.
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from store import lake

COLUMNS = ("brickid", "objid", "ra", "dec", "type", "rmag", "zmag", "w1mag")
SMALL_TABLES = (
    *("stg_bricks", "bricks_with_region", "region_metrics", "region_selections"),
    "lrg_cuts",
)
ROUNDS = 3
Way = Callable[[], tuple[int, int]]


def report(models: dict[str, str], folder: Path) -> bool:
    """Print what each way takes; return whether the project is no slower than polars.

    Parameters
    ----------
    models
        SQL of the models ``brick_selections``, ``parent_sources``, ``parent_funnel`` and
        ``parent_bricks``.
    folder
        Where the Parquet files go.
    """
    _export(models["parent_bricks"], folder)
    with lake.connect() as ours, _over_parquet(folder) as plain:
        ways: dict[str, Way] = {
            "lake": lambda: _with_sql(ours, models),
            "DuckDB": lambda: _with_sql(plain, models),
            "polars": lambda: _with_polars(folder),
        }
        taken = _best_of_rounds(ways)
    wall, cpu = taken["polars"]
    print("selection with funnel, the same cuts and columns:")
    for name, (seconds, cpu_seconds) in taken.items():
        print(
            f"  {name:<7} {seconds:6.2f} s, {cpu_seconds:6.2f} CPU s;"
            f" over polars {seconds / wall:.2f}, CPU {cpu_seconds / cpu:.2f}"
        )
    return taken["lake"][0] <= wall


def _best_of_rounds(ways: dict[str, Way]) -> dict[str, tuple[float, float]]:
    """Return wall and CPU seconds of the fastest round of each way.

    The ways take turns, so that whatever else the machine does meets all of them.
    """
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    results = set()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started, cpu_before = time.perf_counter(), _cpu_seconds()
            results.add(way())
            rounds[name].append((time.perf_counter() - started, _cpu_seconds() - cpu_before))
    if len(results) != 1:
        raise ValueError(f"the ways differ in (sources cut, parents): {results}")
    return {name: min(times) for name, times in rounds.items()}


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _export(parent_bricks: str, folder: Path) -> None:
    """Write the columns that the cuts read, and the bricks, as plain Parquet.

    Compressed as in the lake, whose files have DuckLake's default.
    """
    with lake.connect(read_only=True) as connection:
        connection.execute(
            f"copy (select {', '.join(COLUMNS)} from stg_sources)"
            f" to '{folder / 'sources.parquet'}' (compression snappy)"
        )
        connection.execute(f"copy ({parent_bricks}) to '{folder / 'bricks.parquet'}'")
        for table in SMALL_TABLES:
            connection.execute(f"copy {table} to '{folder / f'{table}.parquet'}'")


def _over_parquet(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection on which the project's SQL reads the exported files."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as lake; use lake")
    for table in SMALL_TABLES:
        connection.execute(f"create table {table} as from '{folder / f'{table}.parquet'}'")
    connection.execute(f"create view stg_sources as from '{folder / 'sources.parquet'}'")
    return connection


def _with_sql(connection: duckdb.DuckDBPyConnection, models: dict[str, str]) -> tuple[int, int]:
    """Run the models; return the numbers of sources cut and of parents."""
    for model in ("brick_selections", "parent_sources"):
        connection.execute(f"create or replace table {model} as {models[model]}")
    funnel = models["parent_funnel"]
    n_cut = connection.execute(f"select sum(n_cut)::bigint from ({funnel})").fetchone()[0]
    return n_cut, connection.execute("select count(*) from parent_sources").fetchone()[0]


def _with_polars(folder: Path) -> tuple[int, int]:
    """Do the same in polars, in one pass over the file."""
    bricks = pl.scan_parquet(folder / "bricks.parquet")
    failed_cut = (
        pl.when(pl.any_horizontal(pl.col("rmag", "zmag", "w1mag").is_null()))
        .then(1)
        .when(pl.col("zmag") >= 20.4)
        .then(2)
        .when(pl.col("rmag") - pl.col("zmag") <= 0.4)
        .then(3)
        .when(pl.col("zmag") - pl.col("w1mag") <= 0.8)
        .then(4)
        .when(pl.col("type").is_in(["PSF", "DUP"]))
        .then(5)
        .otherwise(0)
    )
    judged = pl.scan_parquet(folder / "sources.parquet").with_columns(failed_cut=failed_cut)
    failures = (
        judged.group_by("brickid", "failed_cut")
        .len()
        .join(bricks, on="brickid")
        .group_by("brick_group", "failed_brick_cut", "failed_cut")
        .agg(pl.col("len").sum())
    )
    selected = (
        judged.filter(pl.col("failed_cut") == 0)
        .join(bricks.filter(pl.col("failed_brick_cut") == 0), on="brickid")
        .select("brickid", "objid", "ra", "dec")
        .sink_parquet(folder / "with_polars.parquet", lazy=True, maintain_order=False)
    )
    counts, _ = pl.collect_all([failures, selected], engine="streaming")
    is_cut = (pl.col("failed_brick_cut") > 0) | (pl.col("failed_cut") > 0)
    n_parents = pl.scan_parquet(folder / "with_polars.parquet").select(pl.len()).collect().item()
    return int(counts.filter(is_cut)["len"].sum()), n_parents
