"""The catalogue stages at the size of DR10, on one small machine: `make bench-catalogue`.

Writes a made-up catalogue (60 million sources in 180,000 bricks of the true brick grid) straight
into a scratch lake, runs `regions`, `parents` and `manifests` on it, and prints times, rates, peak
memory and bytes beside the limits that they must hold, the speed of DuckDB summing the columns that
the selection reads, and the same selection in polars and astropy. Cleans up after itself.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from astropy.table import Table
from duckdb import DuckDBPyConnection

from store import lake
from store.project import settings
from tests.support import catalogue_survey
from udfs.sky import groups, healpix
from udfs.statistics import normal

PROJECT = Path(__file__).resolve().parent.parent
# 180,000 bricks in two blocks, one on each side of the Galaxy, and one across RA 0.
FOOTPRINT = (
    "dec between -48 and 32.3 and (ra < 88 or ra > 330 or (ra between 138 and 218 and dec > -12))"
)
SOURCES_PER_BRICK = 334
SAMPLE_ROWS = 2_000_000
GIGABYTE = 1e9
SELECTION_COLUMNS = ("brickid", "rmag", "zmag", "w1mag")
PARENT_COLUMNS = (
    *("brickid", "objid", "release", "ra", "dec", "gmag", "rmag", "zmag", "w1mag"),
    *("gmag_mw", "rmag_mw", "zmag_mw", "w1mag_mw", "shape_r", "shape_e1", "shape_e2", "sersic"),
    *("ebv", "maskbits", "flux_ivar_g", "flux_ivar_r", "flux_ivar_z", "flux_ivar_w1", "flux_w1"),
    *("nobs_g", "nobs_r", "nobs_z", "gaia_phot_g_mean_mag", "fiberflux_z", "fibertotflux_z"),
    "mw_transmission_z",
)
# The six experiments of the original and its control arithmetic: 30.9 million tasks where no bin of
# seeing and depth runs short of galaxies.
EXPERIMENTS = "{survey_size: dr10, grids: [grid_small, grid_medium], control_pairing: disjoint}"
MANIFEST_MODELS = (
    *("injection_configs", "stage_config", "host_candidates", "sampled_galaxies", "host_configs"),
    *("systems", "injection_tasks", "task_bricks", "experiment_mixture"),
)


@dataclass(frozen=True)
class Step:
    """One timed dbt command."""

    name: str
    seconds: float
    peak_gigabytes: float


def dbt(*arguments: str) -> Step:
    """Run a dbt command on the scratch lake; wall time and peak memory of its process."""
    command = [str(Path(sys.executable).parent / "dbt"), *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"dbt {' '.join(arguments)} failed:\n{output[-3000:]}")
    return Step(
        " ".join(arguments), time.perf_counter() - started, usage.ru_maxrss * 1024 / GIGABYTE
    )


def write_catalogue(scale: float) -> None:
    """Write ``stg_bricks``, ``stg_sources`` and the other inputs of the stages into the lake."""
    with lake.connect() as connection:
        connection.execute("set memory_limit = '6GB'")
        footprint = FOOTPRINT if scale >= 1 else f"({FOOTPRINT}) and dec > {32.3 - 80.3 * scale}"
        catalogue_survey.write_bricks(connection, "raw_bricks", footprint)
        connection.execute(
            "create table stg_bricks as select *, left(brickname, 3) as brick_group,"
            " (ra2 - ra1) * degrees(sin(radians(dec2)) - sin(radians(dec1))) as area_deg2"
            " from raw_bricks"
        )
        catalogue_survey.write_staged_sources(connection, "stg_bricks", SOURCES_PER_BRICK)
        connection.execute(
            "create table stg_known_lenses as"
            " select brickid::bigint as known_lens_id, 'L' || brickid as name,"
            " ra + 0.02 as ra, dec + 0.03 as dec from stg_bricks where brickid % 6 = 0"
        )


def sum_of(columns: tuple[str, ...]) -> str:
    """The query that sums columns of the sources."""
    sums = ", ".join(f"sum({column})" for column in columns)
    return f"select {sums}, sum(strlen(type)) from stg_sources"


def seconds_in_turn(connection: DuckDBPyConnection, *queries: str) -> list[float]:
    """Seconds that each query takes, the best of five rounds.

    In turn, so that what else the machine does, such as writing what was made before, meets all.
    """
    rounds = [[seconds_of(connection, query) for query in queries] for _ in range(5)]
    return [min(times) for times in zip(*rounds, strict=True)]


def seconds_of(connection: DuckDBPyConnection, query: str) -> float:
    """Seconds that a query takes."""
    started = time.perf_counter()
    connection.execute(query).fetchall()
    return time.perf_counter() - started


def model_seconds(model: str) -> float:
    """Seconds that a model of the last dbt command took, from dbt's own record."""
    target = Path(os.environ["DBT_TARGET_PATH"])
    results = pl.read_json(target / "run_results.json")["results"].explode().struct.unnest()
    taken = results.filter(pl.col("unique_id").str.ends_with(f".{model}"))["execution_time"]
    return float(taken[0])


def peers(connection: DuckDBPyConnection) -> list[str]:
    """The parent cuts in polars and in an astropy Table on a sample, and in DuckDB beside them."""
    sample = connection.execute(
        f"select type, rmag, zmag, w1mag from stg_sources limit {SAMPLE_ROWS}"
    ).pl()
    connection.register("sample", sample)
    table = Table({name: sample[name].fill_null(np.nan).to_numpy() for name in sample.columns[1:]})
    table["type"] = sample["type"].to_numpy().astype("U3")

    def with_duckdb() -> int:
        return connection.execute(
            "select count(*) from sample where type not in ('PSF', 'DUP')"
            " and zmag < 20.4 and rmag - zmag > 0.4 and zmag - w1mag > 0.8"
        ).fetchone()[0]

    def with_polars() -> int:
        return sample.filter(
            ~pl.col("type").is_in(["PSF", "DUP"])
            & (pl.col("zmag") < 20.4)
            & (pl.col("rmag") - pl.col("zmag") > 0.4)
            & (pl.col("zmag") - pl.col("w1mag") > 0.8)
        ).height

    def with_astropy() -> int:
        kept = (table["type"] != "PSF") & (table["type"] != "DUP") & (table["zmag"] < 20.4)
        kept &= (table["rmag"] - table["zmag"] > 0.4) & (table["zmag"] - table["w1mag"] > 0.8)
        return len(table[kept])

    lines, counts = [], set()
    for function in (with_duckdb, with_polars, with_astropy):
        times = []
        for _ in range(3):
            started = time.perf_counter()
            counts.add(function())
            times.append(time.perf_counter() - started)
        rate = sample.height / min(times) / 1e6
        lines.append(f"  {function.__name__[5:]:<8} {rate:8.1f} million rows/s in memory")
    if len(counts) != 1:
        sys.exit(f"the peers count differently: {counts}")
    return lines


def folder_gigabytes(folder: Path) -> float:
    """Size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / GIGABYTE


def run(scale: float, folder: Path) -> None:
    """Write the catalogue, run the stages, print what they took."""
    started = time.perf_counter()
    write_catalogue(scale)
    with lake.connect(read_only=True) as connection:
        n_sources, n_bricks = connection.execute(
            "select (select count(*) from stg_sources), (select count(*) from stg_bricks)"
        ).fetchone()
        print(
            f"catalogue: {n_sources:,} sources, {n_bricks:,} bricks,"
            f" {folder_gigabytes(folder):.1f} GB, {time.perf_counter() - started:.0f} s",
            flush=True,
        )
    dbt("seed", "--select", "staging", "regions", "manifests")
    report_regions(n_bricks)
    report_parents(n_sources, folder)
    report_manifests(folder)
    with lake.connect(read_only=True) as connection:
        print("the same cuts on a sample:", *peers(connection), sep="\n")


def verdict(is_held: bool) -> str:
    """What stands behind a limit."""
    return "holds" if is_held else "MISSES"


def report_regions(n_bricks: int) -> None:
    """Run and report the stage `regions`."""
    step = dbt("run", "--select", "regions")
    counts = model_seconds("brick_counts")
    rest = sum(
        model_seconds(model)
        for model in ("split_cells", "bricks_with_region", "region_metrics", "region_selections")
    )
    print(
        f"regions: {n_bricks:,} bricks in {rest:.1f} s (limit 20 s: {verdict(rest <= 20)}), counting"
        f" their sources {counts:.1f} s, peak {step.peak_gigabytes:.1f} GB",
        flush=True,
    )


def compiled(stage: str, model: str) -> str:
    """The SQL that dbt made of a model."""
    folder = Path(os.environ["DBT_TARGET_PATH"]) / "compiled" / "dark_halo_scope" / "models"
    return (folder / stage / f"{model}.sql").read_text()


def seconds_to_write(connection: DuckDBPyConnection, query: str) -> float:
    """Seconds that a query takes with its result written as a table of the lake."""
    seconds = seconds_of(connection, "create table written_again as " + query)
    connection.execute("drop table written_again")
    return seconds


def report_parents(n_sources: int, folder: Path) -> None:
    """Run and report the stage `parents`, then its two queries beside sums in one session."""
    before = folder_gigabytes(folder)
    step = dbt("run", "--select", "parents")
    print(
        f"parents: stage {step.seconds:.0f} s, peak {step.peak_gigabytes:.1f} GB,"
        f" {folder_gigabytes(folder) - before:.1f} GB written"
    )
    with lake.connect() as connection:
        for module in (groups, healpix, normal):
            module.register(connection)
        funnel, summed = seconds_in_turn(
            connection, compiled("parents", "parent_funnel"), sum_of(SELECTION_COLUMNS)
        )
        print_beside_sum("funnel counted", n_sources, funnel, SELECTION_COLUMNS, summed, 0.5)
        seconds = {
            model: seconds_to_write(connection, compiled("parents", model))
            for model in ("lens_neighbours", "border_splits", "parent_galaxies")
        }
        written = sum(seconds.values())
        (summed,) = seconds_in_turn(connection, sum_of(PARENT_COLUMNS))
        print_beside_sum("parents written", n_sources, written, PARENT_COLUMNS, summed, 0.25)
        print("   ", ", ".join(f"{model} {taken:.1f} s" for model, taken in seconds.items()))
        floor = seconds_to_write(connection, "select * from parent_galaxies")
        print_beside_sum("only written", n_sources, floor, PARENT_COLUMNS, summed, 0.25)
        print_objects_per_split(connection)


def print_beside_sum(
    what: str,
    n_sources: int,
    seconds: float,
    columns: tuple[str, ...],
    summed: float,
    limit: float,
) -> None:
    """One line: a query's rate, and its speed as a share of summing the columns that it reads."""
    print(
        f"  {what:<16} {seconds:6.1f} s, {n_sources / seconds / 1e6:6.1f} million rows/s; DuckDB sums"
        f" the {len(columns) + 1} columns in {summed:.2f} s: {summed / seconds:.2f} of that speed"
        f" (at least {limit}: {verdict(summed / seconds >= limit)})",
        flush=True,
    )


def print_objects_per_split(connection: DuckDBPyConnection) -> None:
    """Fractions of the parents in train, val and test, the buffer apart."""
    project = settings()
    asked = {split: project[f"split_{split}_fraction"] for split in ("train", "val")}
    asked["test"] = round(1 - sum(asked.values()), 6)
    tolerance = project["split_fraction_tolerance"]
    counts = dict(
        connection.execute(
            "select region_split, count(*) from parent_galaxies group by 1"
        ).fetchall()
    )
    total = sum(counts.get(split, 0) for split in asked)
    shares = {split: counts.get(split, 0) / total for split in asked}
    is_near = all(abs(shares[split] - fraction) <= tolerance for split, fraction in asked.items())
    print(
        "  objects:",
        ", ".join(f"{split} {counts.get(split, 0):,} ({shares[split]:.3f})" for split in shares),
        f"(within {tolerance} of {', '.join(map(str, asked.values()))}: {verdict(is_near)});",
        f"buffer {counts.get('buffer', 0):,}",
    )


# Each bin of seeing and depth gives an equal share of a split's galaxies, or all that it holds.
PREDICTED_HOSTS = """
with plans as (
    select experiment_id, n_galaxies, n_configs_per_galaxy * n_replicates as n_tasks_per_host,
        unnest(selection_set_ids) as selection_set_id
    from stage_config
),
held as (
    select region_id, region_split, psf_bin, depth_bin, count(*) as n_held
    from host_candidates group by all
),
bins as (
    select plans.*, held.region_split, psf_bin, depth_bin, sum(n_held)::bigint as n_held,
        ceil(n_galaxies / 16)::bigint as share
    from plans inner join region_selections using (selection_set_id)
    inner join held using (region_id) group by all
),
splits as (
    select experiment_id, n_tasks_per_host, n_galaxies,
        least(n_galaxies, sum(least(share, n_held))) as n_hosts,
        count(*) filter (where n_held < share) + 16 - count(*) as n_short_bins
    from bins
    group by experiment_id, n_tasks_per_host, n_galaxies, selection_set_id, region_split
)
select experiment_id, sum(n_hosts)::bigint * any_value(n_tasks_per_host) as n_predicted,
    sum(n_short_bins)::bigint as n_short_bins, 16 * count(*) as n_bins
from splits group by experiment_id
"""


def report_manifests(folder: Path) -> None:
    """Run and report the stage `manifests`, then run it again unchanged."""
    before = folder_gigabytes(folder)
    step = dbt("run", "--select", "manifests", "--vars", EXPERIMENTS)
    models = {model: model_seconds(model) for model in MANIFEST_MODELS}
    again = dbt("run", "--select", "manifests", "--vars", EXPERIMENTS)
    with lake.connect(read_only=True) as connection:
        n_tasks = connection.execute("select count(*) from injection_tasks").fetchone()[0]
        print(
            f"manifests: {n_tasks:,} tasks in {step.seconds:.0f} s"
            f" (limit 600 s: {verdict(step.seconds <= 600)}),"
            f" {n_tasks / step.seconds / 1e3:.0f} thousand/s, peak {step.peak_gigabytes:.1f} GB"
            f" (limit 8 GB: {verdict(step.peak_gigabytes <= 8)}),"
            f" {folder_gigabytes(folder) - before:.1f} GB written; again, unchanged:"
            f" {again.seconds:.0f} s",
            flush=True,
        )
        print("  " + ", ".join(f"{model} {taken:.1f} s" for model, taken in models.items()))
        print_experiments(connection)


def print_experiments(connection: DuckDBPyConnection) -> None:
    """Tasks of each experiment beside its tier's arithmetic, and what short bins take from that."""
    for row in connection.execute(
        "select experiment_id, n_tasks, n_controls, n_tasks_nominal, n_predicted, n_short_bins,"
        f" n_bins from experiment_mixture inner join stage_config using (experiment_id)"
        f" inner join ({PREDICTED_HOSTS}) using (experiment_id) order by 1"
    ).fetchall():
        name, n_tasks, n_controls, nominal, predicted, n_short, n_bins = row
        print(
            f"  {name}: {n_tasks:,} tasks ({n_controls:,} controls), nominal {nominal:,},"
            f" {predicted:,} with {n_short} of {n_bins} bins short of hosts:"
            f" {verdict(n_tasks == predicted)}"
        )


def main() -> None:
    """Parse the command line, make the scratch lake, run, clean up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of DR10's size")
    parser.add_argument("--folder", type=Path, help="where the scratch lake goes (30 GB)")
    parser.add_argument("--keep", action="store_true", help="leave the scratch lake")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-catalogue-", dir=options.folder))
    os.environ |= {
        "DHS_LAKE": str(folder / "lake"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    try:
        run(options.scale, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
