"""The normal distribution function against the error function of the standard library."""

import math
import statistics

import duckdb
import pytest

from udfs.statistics import normal


@pytest.mark.parametrize("x", [-6.5, -3.5, -1.0, 0.0, 0.7, 2.0])
def test_normal_cdf_is_half_the_complementary_error_function(x):
    connection = duckdb.connect()
    normal.register(connection)
    value = connection.execute("select normal_cdf(?::double)", [x]).fetchone()[0]
    # Relative: the far tail is the mass that clipping gathers, and must not be lost to rounding.
    assert value == pytest.approx(0.5 * math.erfc(-x / math.sqrt(2)), rel=1e-12)


@pytest.mark.parametrize("probability", [1e-9, 0.16, 0.5, 0.84, 0.975])
def test_normal_quantile_is_that_of_the_standard_library(probability):
    connection = duckdb.connect()
    normal.register(connection)
    value = connection.execute("select normal_quantile(?::double)", [probability]).fetchone()[0]
    assert value == pytest.approx(statistics.NormalDist().inv_cdf(probability), abs=1e-9)
