"""The normal distribution function against the error function of the standard library."""

import math

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
