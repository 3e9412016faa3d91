"""Magnitudes against the definition and astropy's AB system."""

import numpy as np
import pytest
from astropy import units
from hypothesis import given
from hypothesis import strategies as st

from udfs.light import photometry


def test_one_nanomaggy_is_magnitude_22_5():
    assert photometry.flux_from_magnitude(22.5) == 1.0
    assert photometry.magnitude_from_flux(1.0) == 22.5


def test_flux_is_that_of_the_ab_system():
    """A nanomaggy is 3.631 microjansky."""
    flux = (19.37 * units.ABmag).to_value(units.microjansky) / 3.6307805
    assert photometry.flux_from_magnitude(19.37) == pytest.approx(flux, rel=1e-6)


@given(st.floats(5, 35))
def test_magnitude_and_flux_are_inverse(magnitude):
    back = photometry.magnitude_from_flux(photometry.flux_from_magnitude(magnitude))
    assert back == pytest.approx(magnitude, abs=1e-12)


def test_no_flux_has_no_magnitude():
    assert np.isnan(photometry.magnitude_from_flux([0.0, -1.0, np.nan])).all()
