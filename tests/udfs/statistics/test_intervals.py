"""Interval functions of SQL, against scipy and brute force."""

import duckdb
import numpy as np
import pytest
from scipy.stats import beta

from udfs.statistics import intervals


def test_beta_quantile_is_that_of_scipy():
    rng = np.random.default_rng(2)
    a, b, probability = rng.uniform(0.5, 300, 200), rng.uniform(0.5, 300, 200), rng.random(200)
    expected = beta(a, b).ppf(probability)
    np.testing.assert_allclose(intervals.beta_quantile(probability, a, b), expected, rtol=1e-10)


@pytest.mark.parametrize(("probability", "a", "b"), [(1.1, 1, 1), (0.5, 0, 1), (0.5, 1, np.nan)])
def test_beta_quantile_refuses_what_makes_no_sense(probability, a, b):
    with pytest.raises(ValueError, match="must be"):
        intervals.beta_quantile(probability, a, b)


def resampled_interval(trials, successes, hosts, level):
    """Hosts drawn one by one with replacement, the way the bootstrap is defined."""
    rng = np.random.default_rng(7)
    n, k = np.repeat(trials, hosts), np.repeat(successes, hosts)
    drawn = rng.integers(0, len(n), (20_000, len(n)))
    return np.quantile(k[drawn].sum(1) / n[drawn].sum(1), [0.5 - level / 2, 0.5 + level / 2])


@pytest.mark.parametrize("level", [0.68, 0.95])
def test_bootstrap_agrees_with_resampling_hosts_one_by_one(level):
    trials, successes, hosts = [1, 2, 5], [0, 2, 3], [20, 15, 10]
    found = np.mean(
        [
            intervals.host_bootstrap_interval(trials, successes, hosts, key=k, level=level)
            for k in range(40)
        ],
        0,
    )
    # 40 x 500 resamples against 20,000: both know the bounds to about 0.001.
    np.testing.assert_allclose(
        found, resampled_interval(trials, successes, hosts, level), atol=0.004
    )


def test_bootstrap_is_a_function_of_its_key():
    kinds = ([1, 2], [0, 2], [30, 30])
    one, again, other = (
        intervals.host_bootstrap_interval(*kinds, key=key, level=0.95) for key in (5, 5, 6)
    )
    assert one == again != other


@pytest.mark.parametrize("kinds", [([1], [2], [5]), ([1, 2], [0], [5]), ([1], [1], [0])])
def test_bootstrap_refuses_kinds_that_make_no_sense(kinds):
    with pytest.raises(ValueError, match="must be"):
        intervals.host_bootstrap_interval(*kinds, key=1, level=0.95)


@pytest.mark.parametrize("level", [0.0, 1.0, 68])
def test_bootstrap_refuses_a_level_that_is_no_share(level):
    with pytest.raises(ValueError, match="level of an interval"):
        intervals.host_bootstrap_interval([1], [1], [5], key=1, level=level)


def test_sql_has_both_and_keeps_nulls():
    with duckdb.connect() as connection:
        intervals.register(connection)
        rows = connection.execute(
            "select beta_quantile(0.5, a, 2), host_bootstrap([1], [1], h, md5('x'), 0.95) "
            "from (values (2.0, [40]), (null, null)) as t(a, h)"
        ).fetchall()
    assert rows[0] == (pytest.approx(0.5), {"low": 1.0, "high": 1.0})
    assert rows[1] == (None, None)
