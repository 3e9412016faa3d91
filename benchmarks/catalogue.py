"""The catalogue stages at the size of DR10, on one small machine: `make bench-catalogue`.

Writes a made-up catalogue (60 million sources in 180,000 bricks of the true brick grid) straight
into a scratch lake, runs `regions`, `parents` and `manifests` on it, and prints times, peak memory
and bytes with the limits that they must hold, and the selection with its funnel against polars'
streaming engine. Cleans up after itself.
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

import polars as pl
from duckdb import DuckDBPyConnection

from benchmarks import catalogue_peers
from store import lake
from store.project import settings
from tests.support import catalogue_survey

PROJECT = Path(__file__).resolve().parent.parent
# 180,000 bricks in two blocks, one on each side of the Galaxy, and one across RA 0.
FOOTPRINT = (
    "dec between -48 and 32.3 and (ra < 88 or ra > 330 or (ra between 138 and 218 and dec > -12))"
)
SOURCES_PER_BRICK = 334
GIGABYTE = 1e9
# Of the three stages together, at the size of DR10 on two cores.
LIMIT_SECONDS = 12 * 60
LIMIT_GIGABYTES = 6
# The six experiments of the original and its control arithmetic: 30.9 million tasks where no bin of
# seeing and depth runs short of galaxies.
EXPERIMENTS = "{survey_size: dr10, grids: [grid_small, grid_medium], control_pairing: disjoint}"
# Of the demo's `injection_metrics`, whose renders this benchmark does not make: bytes of a row, and
# of the same columns in a row of a task, where neighbours repeat each other.
METRIC_ROW_BYTES = 80
METRIC_TASK_BYTES = 69


@dataclass(frozen=True)
class Step:
    """One timed dbt command."""

    name: str
    seconds: float
    peak_gigabytes: float


def dbt(*arguments: str) -> Step:
    """Run a dbt command; return its wall time and peak memory."""
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
    """Write ``stg_bricks``, ``stg_sources`` and the other inputs of the stages."""
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


def seconds_of(connection: DuckDBPyConnection, query: str) -> float:
    """Return the seconds that a query takes."""
    started = time.perf_counter()
    connection.execute(query).fetchall()
    return time.perf_counter() - started


def run_results() -> pl.DataFrame:
    """Return dbt's own record of its last command, one row per node."""
    target = Path(os.environ["DBT_TARGET_PATH"])
    return pl.read_json(target / "run_results.json")["results"].explode().struct.unnest()


def model_seconds(model: str) -> float:
    """Return the seconds that a model of the last dbt command took."""
    taken = run_results().filter(pl.col("unique_id").str.ends_with(f".{model}"))["execution_time"]
    return float(taken[0])


def folder_gigabytes(folder: Path) -> float:
    """Return the size of all files below a folder."""
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
    steps = [
        report_stage("regions", folder),
        report_stage("parents", folder),
        report_manifests(folder),
    ]
    report_limits(steps, scale)
    with lake.connect(read_only=True) as connection:
        print_objects_per_split(connection)
    report_peers(folder)


def verdict(is_held: bool) -> str:
    """Return the word for a limit that is held, or is not."""
    return "holds" if is_held else "MISSES"


def report_stage(stage: str, folder: Path) -> Step:
    """Run a stage and print what it and its models took."""
    before = folder_gigabytes(folder)
    step = dbt("run", "--select", stage)
    print(
        f"{stage}: {step.seconds:.0f} s, peak {step.peak_gigabytes:.1f} GB,"
        f" {folder_gigabytes(folder) - before:.1f} GB written"
    )
    print_models()
    return step


def print_models() -> None:
    """Print the seconds of each model of the last dbt command."""
    models = run_results().filter(pl.col("unique_id").str.starts_with("model."))
    taken = models.select(pl.col("unique_id").str.split(".").list.last(), "execution_time").rows()
    print("  " + ", ".join(f"{model} {seconds:.1f} s" for model, seconds in taken), flush=True)


def report_limits(steps: list[Step], scale: float) -> None:
    """Print the time and memory of the three stages with their limits."""
    seconds = sum(step.seconds for step in steps)
    peak = max(step.peak_gigabytes for step in steps)
    size = "" if scale >= 1 else f", at {scale} of the size that they are for"
    print(
        f"regions, parents and manifests: {seconds:.0f} s"
        f" (limit {LIMIT_SECONDS} s: {verdict(seconds <= LIMIT_SECONDS)}),"
        f" peak {peak:.1f} GB (limit {LIMIT_GIGABYTES} GB: {verdict(peak <= LIMIT_GIGABYTES)}){size}",
        flush=True,
    )


def report_peers(folder: Path) -> None:
    """Print selection and funnel against polars' streaming engine."""
    peers = folder / "peers"
    peers.mkdir()
    names = ("brick_selections", "parent_sources", "parent_funnel", "parent_bricks")
    is_held = catalogue_peers.report({name: compiled("parents", name) for name in names}, peers)
    print(f"  no slower than polars: {verdict(is_held)}")


def compiled(stage: str, model: str) -> str:
    """Return the SQL that dbt made of a model."""
    folder = Path(os.environ["DBT_TARGET_PATH"]) / "compiled" / "dark_halo_scope" / "models"
    return (folder / stage / f"{model}.sql").read_text()


def print_objects_per_split(connection: DuckDBPyConnection) -> None:
    """Print the shares of the parents in train, val and test, without the buffer."""
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
    from experiments
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


def report_manifests(folder: Path) -> Step:
    """Run and report the stage `manifests`, then run it again unchanged."""
    before = folder_gigabytes(folder)
    step = dbt("run", "--select", "manifests", "--vars", EXPERIMENTS)
    with lake.connect(read_only=True) as connection:
        n_tasks = connection.execute("select count(*) from injection_tasks").fetchone()[0]
        print(
            f"manifests: {n_tasks:,} tasks in {step.seconds:.0f} s,"
            f" {n_tasks / step.seconds / 1e3:.0f} thousand/s, peak {step.peak_gigabytes:.1f} GB,"
            f" {folder_gigabytes(folder) - before:.1f} GB written"
        )
        print_models()
        print_experiments(connection)
        print_disk(connection)
    again = dbt("run", "--select", "manifests", "--vars", EXPERIMENTS)
    print(f"  again, unchanged: {again.seconds:.0f} s", flush=True)
    return step


def print_disk(connection: DuckDBPyConnection) -> None:
    """Print the disk from manifests to injections, and what copies of all tasks would take."""
    sizes = dict(
        connection.execute(
            "select table_name, file_size_bytes from ducklake_table_info('lake')"
        ).fetchall()
    )
    n_tasks, n_rows = connection.execute(
        "select count(*), count(distinct (render_id, bandset, stamp_size)) from injection_tasks"
    ).fetchone()
    tasks, metrics = sizes["injection_tasks"], n_rows * METRIC_ROW_BYTES
    now = sizes["systems"] + tasks + metrics
    copied = now + 2 * tasks + n_tasks * METRIC_TASK_BYTES
    print(
        f"  disk from manifests to injections: {now / GIGABYTE:.2f} GB ({now / n_tasks:.0f} bytes a"
        f" task: systems {sizes['systems'] / GIGABYTE:.2f}, tasks {tasks / GIGABYTE:.2f}, metrics of"
        f" {n_rows:,} renders and sizes {metrics / GIGABYTE:.2f} at {METRIC_ROW_BYTES} bytes); with"
        f" runnable_tasks and injections as tables {copied / GIGABYTE:.2f} GB"
        f" ({copied / n_tasks:.0f} bytes a task): {now / copied:.2f} of that"
        f" (below 0.5: {verdict(now / copied < 0.5)})"
    )


def print_experiments(connection: DuckDBPyConnection) -> None:
    """Print the tasks of each experiment, and what its tier's arithmetic predicts."""
    for row in connection.execute(
        "select experiment_id, n_tasks, n_controls, n_tasks_nominal, n_predicted, n_short_bins,"
        f" n_bins from experiment_mixture inner join experiments using (experiment_id)"
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
