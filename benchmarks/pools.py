"""The pools at the size of DR10: `make bench-catalogue`, or `python -m benchmarks.pools` alone.

On a made-up catalogue of 60 million sources with 20,000 known lenses: the cuts on negatives and
their funnel beside DuckDB summing the columns that they read, the whole stage with its peak memory,
and the crossmatch beside astropy's on the same sample.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import astropy.units as u
import numpy as np
import polars as pl
from astropy.coordinates import SkyCoord, search_around_sky
from duckdb import DuckDBPyConnection

from benchmarks.catalogue import compiled, dbt, model_seconds, seconds_of, write_catalogue
from store import lake

N_LENSES = 20_000
SAMPLE_ROWS = 5_000_000
RADIUS_ARCSEC = 20.0
LEAST_SPEED = 1 / 3  # of the sum
MEMORY_LIMIT_GB = 8
# What the cuts read.
CUT_COLUMNS = (
    *("ra", "dec", "flux_z", "maskbits", "nobs_g", "nobs_r", "nobs_z", "ebv", "psfsize_r"),
    *("psfdepth_r", "fracflux_r", "strlen(type)", "brickid", "objid"),
    *(f"dchisq[{i}]" for i in range(1, 6)),
)
FUNNEL_MODELS = ("sources_near_lenses", "cut_combinations", "negative_funnel")


def take_lenses(connection: DuckDBPyConnection) -> None:
    """Known lenses beside sources, spread over the catalogue; and no injected hosts."""
    connection.execute(
        "create or replace table stg_known_lenses as"
        " select row_number() over ()::bigint as known_lens_id, 'L' || brickid as name,"
        " ra + 2 / 3600e0 as ra, dec, null::double as zlens, 'galaxy' as lens_type,"
        " 'confident' as grading, false as is_cluster, false as is_cluster_list, ['L'] as names, ['made up'] as refs,"
        " 1 as n_entries from (select * from stg_sources where objid = 7 order by hash(brickid)"
        f" limit {N_LENSES})"
    )
    connection.execute(
        "create table if not exists sampled_galaxies (brickid integer, objid integer)"
    )
    connection.execute("create table if not exists task_bricks (brickname varchar)")


def seconds_in_session(connection: DuckDBPyConnection) -> dict[str, float]:
    """Seconds of summing the columns that the cuts read, and of each query of the funnel.

    All in one session and in turn, the best of three, so that both find the same machine.
    """
    queries = {model: compiled("pools", model) for model in FUNNEL_MODELS}
    sums = ", ".join(f"sum({column})" for column in CUT_COLUMNS)
    queries["sum"] = f"select {sums} from stg_sources"
    rounds = [
        {name: seconds_of(connection, f"create or replace temp table made as {query}")}
        for _ in range(3)
        for name, query in queries.items()
    ]
    return {name: min(taken[name] for taken in rounds if name in taken) for name in queries}


def report_pools(n_sources: int) -> None:
    """Run and report the stage `pools` on the scratch lake."""
    with lake.connect() as connection:
        take_lenses(connection)
    dbt("seed", "--select", "path:seeds/pools")
    step = dbt("run", "--select", "split_cells", "pools", "--full-refresh")
    with lake.connect(read_only=True) as connection:
        taken = seconds_in_session(connection)
        to_sum = taken.pop("sum")
        funnel = sum(taken.values())
        n_in, n_candidates, n_sample = connection.execute(
            "select (select max(n_in) from negative_funnel),"
            " (select count(*) from negative_candidates), (select count(*) from training_sample)"
        ).fetchone()
    print(
        f"pools: {n_candidates:,} negatives of {n_in:,}, sample of {n_sample:,},"
        f" {step.seconds:.0f} s, peak {step.peak_gigabytes:.1f} GB (limit {MEMORY_LIMIT_GB} GB)\n"
        f"  cuts and funnel {funnel:.1f} s ({_listed(taken)}), {n_sources / funnel / 1e6:.1f} million"
        f" rows/s; DuckDB sums the columns read in {to_sum:.1f} s: {to_sum / funnel:.2f} of its"
        f" speed (at least {LEAST_SPEED:.2f})\n"
        f"  negative_candidates written in {model_seconds('negative_candidates'):.1f} s",
        flush=True,
    )


def _listed(taken: dict[str, float]) -> str:
    return ", ".join(f"{model} {seconds:.1f}" for model, seconds in taken.items())


def report_crossmatch(connection: DuckDBPyConnection) -> None:
    """The pairs of lenses and sources within the exclusion radius, here and in astropy."""
    connection.execute(
        "create temp table part as select brickid, objid, ra, dec from stg_sources"
        f" where brickid % 12 = 0 limit {SAMPLE_ROWS}"
    )
    sources = connection.execute("select ra, dec from part").pl()
    lenses = connection.execute("select ra, dec from stg_known_lenses").pl()
    started = time.perf_counter()
    n_sql = connection.execute(crossmatch_query("part", "stg_known_lenses")).fetchone()[0]
    with_sql = time.perf_counter() - started
    started = time.perf_counter()
    n_astropy = len(search_around_sky(_sky(lenses), _sky(sources), RADIUS_ARCSEC * u.arcsec)[0])
    with_astropy = time.perf_counter() - started
    if n_sql != n_astropy or not n_sql:
        raise SystemExit(f"the crossmatch finds {n_sql} pairs, astropy {n_astropy}")
    print(
        f"crossmatch of {len(sources):,} sources with {len(lenses):,} lenses, {n_sql:,} pairs:"
        f" {with_sql:.2f} s here, {with_astropy:.2f} s in astropy, ratio"
        f" {with_astropy / with_sql:.1f}",
        flush=True,
    )


def _sky(positions: pl.DataFrame) -> SkyCoord:
    return SkyCoord(
        *(positions[name].to_numpy().astype(np.float64) * u.deg for name in ("ra", "dec"))
    )


def crossmatch_query(sources: str, lenses: str) -> str:
    """The count of pairs by the compiled model, with other tables in the place of its inputs."""
    query = compiled("pools", "sources_near_lenses")
    for table, other in (("stg_sources", sources), ("stg_known_lenses", lenses)):
        query = query.replace(f'"lake"."main"."{table}"', other)
    return f"select count(*) from ({query})"


def main() -> None:
    """Parse the command line, make the scratch lake, run, clean up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of DR10's size")
    parser.add_argument("--folder", type=Path, help="where the scratch lake goes (30 GB)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-pools-", dir=options.folder))
    os.environ |= {
        "DHS_LAKE": str(folder / "lake"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    try:
        write_catalogue(options.scale)
        with lake.connect(read_only=True) as connection:
            n_sources = connection.execute("select count(*) from stg_sources").fetchone()[0]
        report_pools(n_sources)
        with lake.connect(read_only=True) as connection:
            report_crossmatch(connection)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
