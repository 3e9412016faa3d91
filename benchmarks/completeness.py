"""The completeness stage on 10 million injections: ``python -m benchmarks.completeness``.

Simulates them into a scratch lake, runs the stage without and with the bootstrap, and prints times
and peak memory beside the limits that they must hold (3 minutes and 6 GB; 10 minutes), and beside
plain group-bys of the same columns in DuckDB, which count and average and know nothing of hosts.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

from duckdb import DuckDBPyConnection

from benchmarks.catalogue import dbt, model_seconds
from store import lake
from tests.support.simulated_injections import Simulation, write_injections, write_surroundings

INJECTIONS_PER_HOST = 3  # two replicates, in 1.5 selection sets on average
N_REGIONS = 300
HOSTS_PER_PIECE = 250_000  # simulated at a time
MODELS = (
    *("recovery_thresholds", "completeness_bins", "task_outcomes", "completeness_grid"),
    *("completeness_patterns", "completeness_signal", "outcome_lists", "completeness_counts"),
    *("completeness_intervals", "completeness_cells", "completeness_by_region"),
)
MEMORY = "4500MB"  # DuckDB's share of the 6 GB
MINUTE = 60


def simulations(n_injections: int) -> list[Simulation]:
    """Return the catalogue in pieces, each with regions of its own."""
    n_hosts = n_injections // INJECTIONS_PER_HOST
    n_pieces = max(1, n_hosts // HOSTS_PER_PIECE)
    return [
        Simulation(
            n_hosts=n_hosts // n_pieces,
            recovered_share={0.3: 0.05, 0.6: 0.3, 1.0: 0.7},
            sets_per_host=2,
            n_regions=N_REGIONS // n_pieces,
            first_host=piece * (n_hosts // n_pieces),
            first_region=piece * (N_REGIONS // n_pieces),
            seed=piece,
        )
        for piece in range(n_pieces)
    ]


def write_catalogue(n_injections: int) -> int:
    """Simulate injections and their surroundings; return how many came out."""
    with lake.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(f"set temp_directory = '{lake.lake_path('tmp')}'")
        write_injections(connection, *simulations(n_injections))
        write_surroundings(connection)
        return connection.execute(
            "select count(*) from injections where not is_control"
        ).fetchone()[0]


def group_by_seconds(connection: DuckDBPyConnection) -> float:
    """Return the seconds of one plain group-by per cube, without hosts."""
    cubes = connection.execute(
        """
        select cube, list(axis) filter (where axis is not null)
        from completeness_cubes group by cube
        union all
        select 'by_' || axis, [axis] from completeness_axes where has_marginal
        """
    ).fetchall()
    (n_rules,) = connection.execute(
        "select count(*) from recovery_thresholds where experiment_number = 0"
    ).fetchone()
    counts = ", ".join(
        f"count(*) filter (where outcome[{rule}] in ({letters}))"
        for rule in range(1, n_rules + 1)
        for letters in ("'d', 'm'", "'d'")
    )
    started = time.perf_counter()
    for _, axes in cubes:
        connection.execute(
            f"create or replace temp table grouped as select {', '.join(axes or ['1 as one'])}, "
            f"count(*), {counts}, avg(arc_snr_seen), median(arc_snr_seen), "
            "avg(theta_over_psf_seen) from task_outcomes where not is_control group by all"
        )
    return time.perf_counter() - started


def run(n_injections: int) -> None:
    """Simulate, run the stage twice, group plainly, print."""
    n_written, seconds = write_catalogue(n_injections), 0.0
    dbt("seed", "--select", "completeness")
    for is_bootstrapped, limit in ((False, 3 * MINUTE), (True, 10 * MINUTE)):
        choice = f"{{completeness_bootstrap: {str(is_bootstrapped).lower()}}}"
        step = dbt("run", "--select", "completeness", "--vars", choice)
        print(
            f"{n_written:,} injections, bootstrap {'on' if is_bootstrapped else 'off'}: "
            f"{step.seconds:.0f} s (limit {limit} s), peak {step.peak_gigabytes:.1f} GB (limit 6 GB)",
            flush=True,
        )
        print("  " + ", ".join(f"{model} {model_seconds(model):.1f}" for model in MODELS))
        seconds = seconds or step.seconds
    with lake.connect(read_only=True) as connection:
        (n_cells,) = connection.execute("select count(*) from completeness_cells").fetchone()
        plain = group_by_seconds(connection)
    print(
        f"{n_cells:,} cells; plain group-bys of the same columns {plain:.1f} s: "
        f"the stage takes {seconds / plain:.1f} times as long"
    )


def main() -> None:
    """Parse the command line, make the scratch lake, run, clean up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--injections", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the scratch lake goes (10 GB)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-completeness-", dir=options.folder))
    os.environ |= {
        "DHS_LAKE": str(folder / "lake"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DHS_MEMORY": MEMORY,
    }
    try:
        run(options.injections)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
