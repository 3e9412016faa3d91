"""Keyed draws: golden values in DuckDB SQL and in hashlib, and the laws made from them."""

import csv
import hashlib
import math
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.models.catalogue.rendering import macros
from udfs.statistics import normal

GOLDEN_FILE = Path(__file__).parent / "golden_draws.csv"
GOLDEN = list(csv.DictReader(GOLDEN_FILE.read_text().splitlines()))


def hashlib_draws(seed, key, stream):
    digest = hashlib.md5(f"{seed}|{key}|{stream}".encode()).hexdigest()
    return digest, int(digest[:13], 16) / 2**52, int(digest[-13:], 16) / 2**52


def query_of(seed, key_sql, stream):
    module = macros("keyed_draws.sql", seed=seed)
    digest = module.keyed_digest(key_sql, stream)
    return f"select {digest}, {module.digest_u1(digest)}, {module.digest_u2(digest)}"


@pytest.mark.parametrize(
    "row", GOLDEN, ids=[f"{r['seed']}|{r['key']}|{r['stream']}" for r in GOLDEN]
)
def test_golden_values_hold_in_hashlib_and_in_duckdb(row):
    golden = (row["digest"], float.fromhex(row["u1_hex"]), float.fromhex(row["u2_hex"]))
    assert hashlib_draws(row["seed"], row["key"], row["stream"]) == golden
    query = query_of(int(row["seed"]), f"'{row['key']}'", row["stream"])
    assert duckdb.sql(query).fetchone() == golden


def test_keys_are_written_as_the_contract_says():
    module = macros("keyed_draws.sql")
    galaxy = duckdb.sql(f"select {module.galaxy_key(328928, 7)}").fetchone()[0]
    render = duckdb.sql(f"select {module.render_key(328928, 7, chr(39) + 'c' + chr(39), 1)}")
    assert (galaxy, render.fetchone()[0]) == ("328928/7", "328928/7/c/1")


@settings(max_examples=50, deadline=None)
@given(brickid=st.integers(0, 700_000), objid=st.integers(0, 2**31 - 1), seed=st.integers(0, 99))
def test_duckdb_draws_what_hashlib_draws(brickid, objid, seed):
    query = query_of(seed, f"{brickid} || '/' || {objid}", "host")
    assert duckdb.sql(query).fetchone() == hashlib_draws(seed, f"{brickid}/{objid}", "host")


@pytest.mark.parametrize("objid", ["null::integer", "objid"])
def test_a_null_in_the_key_is_an_error(objid):
    module = macros("keyed_draws.sql")
    draw = module.keyed_u1(module.galaxy_key(1, objid), "host")
    with pytest.raises(duckdb.Error, match="null in its key"):
        duckdb.sql(f"select {draw} from (values (1), (null)) as rows (objid)").fetchall()


def draws(expression, n=40_000):
    connection = duckdb.connect()
    normal.register(connection)
    return np.array(connection.execute(f"select {expression} from range({n}) t(i)").fetchall()).T


def test_draws_are_uniform_and_independent_of_each_other():
    module = macros("keyed_draws.sql")
    digest = module.keyed_digest("i || '/1'", "host")
    u1, u2 = draws(f"{module.digest_u1(digest)}, {module.digest_u2(digest)}")
    for u in (u1, u2):
        assert u.min() >= 0
        assert u.max() < 1
        assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(u1, u2)[0, 1]) < 4 / math.sqrt(len(u1))


def test_both_branches_of_a_digest_are_standard_normal_and_independent():
    module = macros("keyed_draws.sql")
    digest = module.keyed_digest("i || '/1'", "colours")
    one, other = draws(
        f"{module.standard_normal(digest, 'cos')}, {module.standard_normal(digest, 'sin')}"
    )
    for values in (one, other):
        assert stats.kstest(values, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(len(one))


LAWS = {
    "uniform": ("{'law': 'uniform', 'low': 0.5, 'high': 3.0, 'slope': null::double}", 0.5, 3.0),
    "log_uniform": (
        "{'law': 'log_uniform', 'low': 0.1, 'high': 0.5, 'slope': null::double}",
        0.1,
        0.5,
    ),
    "number_counts": (
        "{'law': 'number_counts', 'low': 22.5, 'high': 26.0, 'slope': 0.33}",
        22.5,
        26.0,
    ),
}


@pytest.mark.parametrize("law", LAWS)
def test_density_of_a_law_is_the_slope_of_its_inverse_distribution(law):
    struct, low, high = LAWS[law]
    module = macros("prior_laws.sql")
    x = module.law_draw(f"({struct})", "((i + 0.5e0) / 10000e0)")
    value, density = draws(f"{x}, {module.law_density(f'({struct})', f'({x})')}", n=10_000)
    assert low <= value.min() < value.max() <= high
    # The density is du/dx: a central difference over steps of 2e-4 in u is good to their square.
    slope = 2e-4 / (value[2:] - value[:-2])
    assert density[1:-1] == pytest.approx(slope, rel=1e-5)


def test_number_counts_rise_as_the_slope_says():
    struct, low, _ = LAWS["number_counts"]
    module = macros("prior_laws.sql")
    densities = [
        duckdb.sql(f"select {module.law_density(f'({struct})', m)}").fetchone()[0]
        for m in (low, low + 1)
    ]
    assert densities[1] / densities[0] == pytest.approx(10**0.33, rel=1e-12)


def test_an_unknown_law_is_refused():
    module = macros("prior_laws.sql")
    struct = "{'law': 'gamma', 'low': 0.0, 'high': 1.0, 'slope': 1.0}"
    with pytest.raises(duckdb.Error, match="no such law"):
        duckdb.sql(f"select {module.law_draw(f'({struct})', '0.5')}").fetchall()


def test_clipped_colours_have_a_density_inside_and_masses_at_the_limits_that_sum_to_one():
    module = macros("prior_laws.sql", src_colour_min_mag=-0.1, src_colour_max_mag=0.4)
    grid = "(-0.1e0 + 0.5e0 * i / 10000e0)"
    (density,) = draws(module.clipped_normal_density(0.2, grid), n=10_001)
    inside = np.trapezoid(density[1:-1], dx=0.5 / 10_000) + density[1:-1].mean() * 2 * 0.5 / 10_000
    # Atoms at the two ends; the trapezoid leaves out two steps of the grid, put back at the mean.
    assert inside + density[0] + density[-1] == pytest.approx(1, abs=2e-4)
    assert density[0] == pytest.approx(stats.norm.cdf(-0.1, 0.2, 0.2), rel=1e-12)
    assert density[-1] == pytest.approx(stats.norm.sf(0.4, 0.2, 0.2), rel=1e-12)
