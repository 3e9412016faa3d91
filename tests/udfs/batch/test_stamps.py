"""Where stamps lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.batch.stamps import offset_in_canvas, stamp_corner

POSITION = st.floats(0, 3599, allow_subnormal=False)


@given(POSITION, st.integers(1, 200))
def test_galaxy_is_within_half_a_pixel_of_the_centre(x, size):
    centre = stamp_corner(x, size) + (size - 1) / 2
    assert abs(x - centre) <= 0.5


@given(POSITION)
def test_stamp_of_64_is_the_centre_of_the_one_of_96(x):
    assert offset_in_canvas(x, 64, 96) == 16


@given(POSITION, st.integers(1, 100), st.integers(1, 100))
def test_smaller_stamp_is_within_the_larger(x, first, second):
    small, large = sorted((first, second))
    offset = offset_in_canvas(x, small, large)
    assert 0 <= offset <= large - small


@pytest.mark.parametrize("size", [64, 65])
def test_galaxies_are_not_off_the_centre_on_average(size):
    x = np.random.default_rng(1).uniform(100, 200, 20000)
    offset = x - (stamp_corner(x, size) + (size - 1) / 2)
    assert abs(offset.mean()) < 4 * np.sqrt(1 / 12 / 20000)
