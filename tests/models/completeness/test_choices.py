"""What a user may choose: the level of the intervals, and rules and cubes of one's own."""

import shutil

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta, norm

from tests.models.completeness.conftest import Workplace

LEVEL = 0.68
# Kinds of hosts of one cell: injections of a host, how many of them recovered, and how many such hosts.
KINDS = {"trials": [1, 2, 2, 5], "successes": [0, 1, 2, 3], "hosts": [30, 25, 20, 15]}
MADE_UP = """
insert into recovery_rules by name
select 90 as rule_number, 'made_up' as rule, 'detectability' as rule_kind, 'arc_snr_matched' as statistic,
    22e0 as minimum, 'Made up' as description;
insert into completeness_cubes by name
select 'made_up_cube' as cube, unnest(['lens_z_mag', 'region_split']) as axis,
    unnest(['crossed', 'observed']) as combination
"""


@pytest.fixture(scope="module")
def interval(tmp_path_factory):
    """The intervals of one cell at 68 %, from the stage's SQL."""
    place = Workplace(tmp_path_factory.mktemp("level"))
    trials, successes, hosts = (np.array(KINDS[name]) for name in KINDS)
    with place.connect() as connection:
        connection.execute(
            "create table completeness_counts as select 'one' as cube, false as is_control,"
            " 0 as experiment_number, '' as cell, 1 as rule_number, 'all' as quality,"
            " $n::bigint as n_valid, $k::bigint as n_recovered, $m::bigint as n_hosts,"
            " $nn::double as sum_valid2, $kk::double as sum_recovered2, $nk::double as sum_valid_recovered,"
            " $trials::bigint[] as kinds_n_valid, $successes::bigint[] as kinds_n_recovered,"
            " $hosts::bigint[] as kinds_n_hosts",
            {
                "n": int(hosts @ trials),
                "k": int(hosts @ successes),
                "m": int(hosts.sum()),
                "nn": float(hosts @ trials**2),
                "kk": float(hosts @ successes**2),
                "nk": float(hosts @ (trials * successes)),
                **KINDS,
            },
        )
    place.dbt("run", "--select", "completeness_intervals", "--vars", f"{{interval_level: {LEVEL}}}")
    with place.connect(read_only=True) as connection:
        return connection.sql("from completeness_intervals").pl().row(0, named=True)


def test_wilson_holds_the_level_that_is_asked_for(interval):
    z, n, share = norm.ppf((1 + LEVEL) / 2), interval["n_effective"], interval["share"]
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert interval["wilson_low"] == pytest.approx(middle - half, rel=1e-12)
    assert interval["wilson_high"] == pytest.approx(middle + half, rel=1e-12)


def test_jeffreys_holds_the_level_that_is_asked_for(interval):
    n, share = interval["n_effective"], interval["share"]
    posterior = beta(share * n + 0.5, (1 - share) * n + 0.5)
    assert interval["jeffreys_low"] == pytest.approx(posterior.ppf((1 - LEVEL) / 2), rel=1e-9)
    assert interval["jeffreys_high"] == pytest.approx(posterior.ppf((1 + LEVEL) / 2), rel=1e-9)


def test_the_bootstrap_holds_the_level_that_is_asked_for(interval):
    rng = np.random.default_rng(3)
    n, k = (np.repeat(KINDS[name], KINDS["hosts"]) for name in ("trials", "successes"))
    drawn = rng.integers(0, len(n), (20_000, len(n)))
    shares = k[drawn].sum(1) / n[drawn].sum(1)
    low, high = np.percentile(shares, [16, 84])
    # The stage resamples 500 times: it knows an end of a 68 % interval to 7 % of a standard deviation.
    tolerance = 4 * 0.07 * shares.std()
    assert interval["bootstrap_low"] == pytest.approx(low, abs=tolerance)
    assert interval["bootstrap_high"] == pytest.approx(high, abs=tolerance)
    wide = np.percentile(shares, 97.5) - np.percentile(shares, 2.5)
    assert interval["bootstrap_high"] - interval["bootstrap_low"] < 0.75 * wide


@pytest.fixture(scope="module")
def with_made_up(catalogue, tmp_path_factory):
    """The catalogue with a rule and a cube that are rows of the seeds and nothing else."""
    place = Workplace(tmp_path_factory.mktemp("made_up"))
    shutil.copytree(catalogue.lake, place.lake)
    with place.connect() as connection:
        for statement in MADE_UP.split(";"):
            connection.execute(statement)
    place.dbt(
        "build", "--select", "completeness", "--exclude-resource-type", "seed", "unit_test",
        "--vars", "{completeness_bootstrap: false}",
    )  # fmt: skip
    with place.connect(read_only=True) as connection:
        yield lambda query: connection.sql(query).pl()


def test_a_rule_of_ones_own_is_a_row_of_a_seed(with_made_up, injections):
    found = with_made_up("from recoveries where rule = 'made_up' and is_detected")
    injected = injections.filter(
        ~pl.col("is_control"), "cutout_ok", pl.col("arc_snr_matched") >= 22
    )
    assert len(injected) > 100
    assert set(found["task_id"]) == set(injected["task_id"])


def test_a_cube_of_ones_own_is_rows_of_a_seed(with_made_up, injections):
    cells = with_made_up(
        "from completeness_cells where cube = 'made_up_cube' and rule = 'snr_only' and quality = 'all'"
    )
    assert len(cells) == 9 * 3  # bins of the lens magnitude, and splits
    cell = cells.filter(pl.col("n_valid") > 100).row(0, named=True)
    low, high = cell["lens_z_mag_low"], cell["lens_z_mag_high"]
    there = (
        injections.filter(
            ~pl.col("is_control"),
            pl.col("region_split") == cell["region_split"],
            pl.col("zmag").is_between(low, high, closed="left"),
        )
        .unique("render_id")
        .select("cutout_ok", is_met=pl.col("cutout_ok") & (pl.col("arc_snr") >= 5))
    )
    assert cell["n_attempt"] == len(there)
    assert cell["n_valid"] == there["cutout_ok"].sum()
    assert cell["n_recovered"] == there["is_met"].sum()
    of_rule = with_made_up(
        "from completeness_cells where cube = 'made_up_cube' and rule = 'made_up'"
    )
    assert len(of_rule) == 2 * len(cells)
