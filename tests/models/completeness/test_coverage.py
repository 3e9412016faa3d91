"""Intervals of the stage: against astropy, and against the truth of simulated cells."""

import numpy as np
import polars as pl
import pytest
from astropy.stats import binom_conf_interval
from scipy.optimize import brentq
from scipy.stats import beta, binom, norm

pytestmark = pytest.mark.nightly


NOMINAL = 0.95
# Wilson and Jeffreys swing about the nominal value, because k is whole; for independent trials of
# these sizes they go down to 0.92 (Brown, Cai & DasGupta 2001).
DISCRETENESS = 0.03


@pytest.mark.parametrize("method", ["wilson", "jeffreys"])
def test_independent_injections_get_the_interval_of_astropy(simulated_intervals, method):
    plain = simulated_intervals.filter(pl.col("kind") == "plain")
    k, n = plain["n_recovered"].to_numpy(), plain["n_valid"].to_numpy()
    low, high = binom_conf_interval(k, n, NOMINAL, method)
    assert len(plain) > 100
    np.testing.assert_allclose(plain[f"{method}_low"], low, atol=1e-9)
    np.testing.assert_allclose(plain[f"{method}_high"], high, atol=1e-9)


def test_fractional_effective_numbers_solve_the_defining_equations(simulated_intervals):
    rows = simulated_intervals.filter(
        (pl.col("design_effect") > 1.01) & pl.col("share").is_between(0.01, 0.99)
    ).sample(50, seed=1)
    z = norm.ppf(0.975)
    for row in rows.iter_rows(named=True):
        share, n = row["share"], row["n_effective"]

        def score(p, share=share, n=n):
            return (share - p) ** 2 - z**2 * p * (1 - p) / n

        assert brentq(score, 0, share) == pytest.approx(row["wilson_low"], abs=1e-9)
        assert brentq(score, share, 1) == pytest.approx(row["wilson_high"], abs=1e-9)
        jeffreys = beta(share * n + 0.5, (1 - share) * n + 0.5)
        assert jeffreys.ppf(0.025) == pytest.approx(row["jeffreys_low"], abs=1e-9)
        assert jeffreys.ppf(0.975) == pytest.approx(row["jeffreys_high"], abs=1e-9)


def coverage(cells, method):
    """Share of cells whose interval holds the truth, by case."""
    is_inside = pl.col("true_share").is_between(f"{method}_low", f"{method}_high")
    return (
        cells.filter(pl.col("kind") == "clustered", pl.col(f"{method}_low").is_not_null())
        .group_by("true_share", "n_hosts", "per_host", "correlation")
        .agg(coverage=is_inside.mean(), n_cells=pl.len())
        .sort("true_share", "n_hosts", "per_host", "correlation")
    )


def independent_coverage(share, n, method):
    """Exact coverage of the interval when n hosts have one injection each."""
    k = np.arange(n + 1)
    low, high = binom_conf_interval(k, n, NOMINAL, method)
    return binom.pmf(k, n, share)[(low <= share) & (share <= high)].sum()


@pytest.mark.parametrize("method", ["wilson", "jeffreys"])
def test_truth_is_held_as_often_as_by_independent_hosts(simulated_intervals, method):
    found = coverage(simulated_intervals, method)
    assert len(found) == 7 * 4 * 6
    for case in found.iter_rows(named=True):
        expected = independent_coverage(case["true_share"], case["n_hosts"], method)
        tolerance = 4 * np.sqrt(
            NOMINAL * (1 - NOMINAL) / case["n_cells"]
        )  # 336 cases are looked at
        assert case["coverage"] >= min(NOMINAL, expected) - tolerance, case
        assert case["coverage"] >= NOMINAL - DISCRETENESS - tolerance, case


@pytest.mark.parametrize("method", ["wilson", "jeffreys"])
def test_intervals_are_not_wider_than_needed_where_there_are_many_hosts(
    simulated_intervals, method
):
    found = coverage(simulated_intervals, method).filter(
        pl.col("n_hosts") == 400, pl.col("true_share").is_between(0.1, 0.9)
    )
    assert len(found) == 5 * 6
    assert found["coverage"].max() < 0.98
    assert abs(found["coverage"].mean() - NOMINAL) < 0.01


def test_ignoring_hosts_would_miss_the_truth(simulated_intervals):
    cells = simulated_intervals.filter(
        pl.col("correlation") == 0.4, pl.col("per_host") == 10, pl.col("true_share") == 0.5
    )
    low, high = binom_conf_interval(
        cells["n_recovered"].to_numpy(), cells["n_valid"].to_numpy(), NOMINAL, "wilson"
    )
    assert np.mean((low <= 0.5) & (high >= 0.5)) < 0.8


def test_bootstrap_holds_the_truth_where_it_is_offered(simulated_intervals):
    offered = coverage(simulated_intervals, "bootstrap").filter(pl.col("n_cells") >= 50)
    assert len(offered) > 60
    for case in offered.iter_rows(named=True):
        tolerance = 3 * np.sqrt(NOMINAL * (1 - NOMINAL) / case["n_cells"])
        assert case["coverage"] >= NOMINAL - DISCRETENESS - tolerance, case
    assert abs(offered["coverage"].mean() - NOMINAL) < 0.02


@pytest.mark.parametrize("method", ["wilson", "jeffreys"])
def test_a_catalogue_through_the_whole_stage_holds_its_truth(cells_of_regions, method):
    cells = cells_of_regions.filter(pl.col("rule") == "snr_only")
    assert cells.group_by("true_share").len()["len"].to_list() == [200] * 7
    assert 18 < cells["n_hosts_all"].mean() < 25
    is_inside = pl.col("true_share").is_between(f"{method}_low_all", f"{method}_high_all")
    found = cells.group_by("true_share").agg(coverage=is_inside.mean())
    tolerance = 3 * np.sqrt(NOMINAL * (1 - NOMINAL) / 200)
    assert found["coverage"].min() >= NOMINAL - DISCRETENESS - tolerance
    assert found["coverage"].mean() >= NOMINAL - tolerance / np.sqrt(7)


def test_chance_corrected_intervals_hold_the_truth(cells_of_regions):
    cells = cells_of_regions.filter(pl.col("rule") == "blind_fpr_1e1")
    is_inside = pl.col("true_share").is_between(
        "chance_corrected_low_all", "chance_corrected_high_all"
    )
    found = cells.group_by("true_share").agg(coverage=is_inside.mean(), n_cells=pl.len())
    assert found["n_cells"].to_list() == [200] * 7
    tolerance = 3 * np.sqrt(NOMINAL * (1 - NOMINAL) / 200)
    assert found["coverage"].min() >= NOMINAL - DISCRETENESS - tolerance
    assert found["coverage"].mean() >= NOMINAL - tolerance / np.sqrt(7)
