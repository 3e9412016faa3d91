"""Lakes with simulated injections on which the completeness stage has run."""

import shutil

import duckdb
import numpy as np
import polars as pl
import pytest

from store import lake
from tests.support.dbt_process import run_dbt
from tests.support.once import made_once
from tests.support.simulated_injections import Simulation, write_injections, write_surroundings

SHARE_BY_THETA_E = {0.3: 0.05, 0.6: 0.3, 1.0: 0.7, 1.4: 0.95}
EXPERIMENTS = ("train_stamp64_bandsgrz_gridgrid_small", "train_stamp64_bandsgrz_gridrecoverable")


class Workplace:
    """A lake of its own, and dbt to run on it."""

    def __init__(self, folder):
        self.folder = folder
        self.lake = folder / "lake"

    def connect(self, *, read_only=False):
        connection = duckdb.connect()
        lake.load_extensions(connection)
        options = f"data_path '{self.lake}/data/', override_data_path true"
        options += ", read_only" if read_only else ""
        self.lake.mkdir(exist_ok=True)
        connection.execute(
            f"attach 'ducklake:sqlite:{self.lake}/catalog.sqlite' as lake ({options})"
        )
        connection.execute("use lake")
        return connection

    def dbt(self, *arguments, check=True):
        return run_dbt(self.folder, *arguments, check=check).stdout


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory):
    """A small catalogue with a known selection function, through the whole stage."""
    return Workplace(made_once(tmp_path_factory, "completeness_catalogue", build_catalogue))


def build_catalogue(folder):
    """Build the lake of `catalogue`."""
    place = Workplace(folder)
    with place.connect() as connection:
        write_injections(
            connection,
            Simulation(
                n_hosts=1500,
                recovered_share=SHARE_BY_THETA_E,
                configs_per_host=2,
                sets_per_host=3,
                n_regions=6,
            ),
        )
        write_surroundings(connection)
        connection.execute(
            """
            insert into raw_finder_scores by name
            select
                'task' as object_kind,
                task_id as object_id,
                'net' as finder,
                if(is_control, blind_snr, arc_snr) as score
            from injections
            where cutout_ok
            """
        )
    place.dbt("build", "--select", "completeness")


@pytest.fixture(scope="session")
def sql(catalogue):
    """Ask the catalogue's lake, as a user without dbt does; answers as polars frames."""
    with catalogue.connect(read_only=True) as connection:
        yield lambda query: connection.sql(query).pl()


@pytest.fixture(scope="session")
def injections(sql):
    return sql("from injections")


@pytest.fixture(scope="session")
def two_experiments(tmp_path_factory):
    """Two experiments into the same galaxies, of which the second is recovered more often."""
    return Workplace(made_once(tmp_path_factory, "completeness_experiments", build_two_experiments))


def build_two_experiments(folder):
    """Build the lake of `two_experiments`."""
    place = Workplace(folder)
    often = {theta: 1 - share / 2 for theta, share in SHARE_BY_THETA_E.items()}
    with place.connect() as connection:
        write_injections(
            connection,
            *(
                Simulation(n_hosts=600, recovered_share=shares, sets_per_host=3, experiment_id=name)
                for name, shares in zip(EXPERIMENTS, (SHARE_BY_THETA_E, often), strict=True)
            ),
        )
        write_surroundings(connection)
        connection.execute("update bricks_with_region set psfsize_r = 1.25, psfdepth_r = 24.4")
    cubes = "{completeness_cubes: [overall, by_theta_e_arcsec, theta_e_psf_depth]}"
    place.dbt(
        "build", "--select", "completeness", "--exclude-resource-type", "test", "unit_test",
        "--vars", cubes,
    )  # fmt: skip


@pytest.fixture(scope="session")
def first_experiment(two_experiments, tmp_path_factory):
    """The same lake when the second experiment is not there."""
    place = Workplace(tmp_path_factory.mktemp("experiment"))
    shutil.copytree(two_experiments.lake, place.lake)
    with place.connect() as connection:
        for table in ("injections", "completeness_cells", "recovery_thresholds"):
            connection.execute(f"delete from {table} where experiment_id = ?", [EXPERIMENTS[1]])
        connection.execute("delete from task_outcomes where experiment_number = 1")
    return place


@pytest.fixture(scope="session")
def cells_of_regions(tmp_path_factory):
    """Cells of 200 independent regions of a catalogue whose true completeness is known."""
    place = Workplace(made_once(tmp_path_factory, "completeness_regions", build_regions))
    with place.connect(read_only=True) as connection:
        cells = connection.sql("from completeness_cells_wide where cube = 'region_grid'").pl()
    shares = pl.DataFrame(
        {"theta_e_grid_arcsec": [0.3 + 0.1 * i for i in range(7)], "true_share": SHARES}
    )
    return cells.join(shares, on="theta_e_grid_arcsec")


def build_regions(folder):
    """Build the lake of `cells_of_regions`."""
    place = Workplace(folder)
    with place.connect() as connection:
        write_injections(
            connection,
            Simulation(
                n_hosts=5000,
                recovered_share={0.3 + 0.1 * index: share for index, share in enumerate(SHARES)},
                configs_per_host=14,
                replicates=1,
                n_regions=200,
                host_correlation=0.4,
            ),
        )
        write_surroundings(connection)
    choices = "{completeness_cubes: [overall, region_grid], completeness_bootstrap: false}"
    place.dbt(
        "build", "--select", "completeness", "--exclude", "resource_type:test",
        "resource_type:unit_test", "--vars", choices,
    )  # fmt: skip


@pytest.fixture(scope="session")
def simulated_intervals(tmp_path_factory):
    """Intervals of simulated cells whose true completeness is known, from the stage's own SQL."""
    place = Workplace(tmp_path_factory.mktemp("intervals"))
    cells = pl.concat([exact_cells(), *(clustered_cells(*case) for case in clustered_cases())])
    counts = cells.with_columns(
        cube=pl.lit("simulated"),
        is_control=pl.lit(False),
        experiment_number=pl.lit(0),
        cell=pl.int_range(pl.len()).cast(pl.String),
        rule_number=pl.lit(1),
        quality=pl.lit("all"),
    )
    with place.connect() as connection:
        connection.register("counts", counts.to_arrow())
        connection.execute("create table completeness_counts as from counts")
    place.dbt("run", "--select", "completeness_intervals")
    with place.connect(read_only=True) as connection:
        found = connection.sql("from completeness_intervals").pl()
    return counts.join(found.drop("n_valid", "n_recovered", "n_hosts"), on="cell")


SHARES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
N_HOSTS = (20, 50, 100, 400)
N_TRIALS = 1000
N_BOOTSTRAPPED = 100
MIN_HOSTS, MIN_EITHER_WAY = 30, 10  # of dbt_project.yml: bootstrap_min_hosts and .._either_way


def clustered_cases():
    """(true share, hosts, injections per host, correlation of the injections of a host)."""
    return [
        (share, hosts, per_host, correlation)
        for share in SHARES
        for hosts in N_HOSTS
        for per_host, correlation in (
            (2, 0.0),
            (2, 0.4),
            (10, 0.0),
            (10, 0.1),
            (10, 0.4),
            (10, 1.0),
        )
    ]


def exact_cells():
    """Every outcome of cells whose hosts have one injection each: plain binomials."""
    pairs = [(n, k) for n in (1, 2, 5, 20, 100) for k in range(n + 1)]
    trials = np.ones((len(pairs), 100), np.int64)
    trials[np.arange(100) >= np.array(pairs)[:, :1]] = 0
    successes = (np.arange(100) < np.array(pairs)[:, 1:]).astype(np.int64)
    return _cells(trials, successes, 0.0, 0.0, "plain")


def clustered_cells(share, hosts, per_host, correlation):
    """Cells whose hosts differ in their share by a beta distribution of the given correlation."""
    rng = np.random.default_rng([int(1000 * share), hosts, per_host, int(10 * correlation)])
    size = (N_TRIALS, hosts)
    if correlation in (0.0, 1.0):
        host_share = np.full(size, share) if correlation == 0 else rng.random(size) < share
    else:
        scale = 1 / correlation - 1
        host_share = rng.beta(share * scale, (1 - share) * scale, size)
    trials = np.full(size, per_host)
    return _cells(trials, rng.binomial(trials, host_share), share, correlation, "clustered")


def _cells(trials, successes, share, correlation, kind):
    """Rows of `completeness_counts`, one per row of the arrays."""
    n, k = trials.sum(1), successes.sum(1)
    columns = {
        "kind": np.full(len(n), kind),
        "true_share": np.full(len(n), share),
        "per_host": trials.max(1),
        "correlation": np.full(len(n), correlation),
        "n_valid": n,
        "n_recovered": k,
        "n_hosts": (trials > 0).sum(1),
        "sum_valid2": (trials**2).sum(1).astype(float),
        "sum_recovered2": (successes**2).sum(1).astype(float),
        "sum_valid_recovered": (trials * successes).sum(1).astype(float),
    }
    kinds = [
        _kinds(trials[row], successes[row]) if row < N_BOOTSTRAPPED else (None, None, None)
        for row in range(len(n))
    ]
    names = ("kinds_n_valid", "kinds_n_recovered", "kinds_n_hosts")
    return pl.DataFrame(columns).with_columns(
        pl.Series(name, [kind[index] for kind in kinds], dtype=pl.List(pl.Int64))
        for index, name in enumerate(names)
    )


def _kinds(trials, successes):
    """Hosts by their numbers of trials and successes, where the stage bootstraps at all."""
    trials, successes = trials[trials > 0], successes[trials > 0]
    enough = (successes > 0).sum() >= MIN_EITHER_WAY and (
        successes < trials
    ).sum() >= MIN_EITHER_WAY
    if len(trials) < MIN_HOSTS or not enough:
        return None, None, None
    kinds, hosts = np.unique(np.column_stack([trials, successes]), axis=0, return_counts=True)
    return kinds[:, 0].tolist(), kinds[:, 1].tolist(), hosts.tolist()
