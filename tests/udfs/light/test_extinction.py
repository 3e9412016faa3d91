"""Transmission against the printed values of peers.md B7, at E(B-V) = 0.1."""

import pytest

from udfs.light.extinction import transmission

PRINTED = {3.214: 0.743772, 2.165: 0.819219, 1.592: 0.863615, 1.211: 0.894458}


@pytest.mark.parametrize(("coefficient", "fraction"), PRINTED.items())
def test_transmission_has_the_printed_values(coefficient, fraction):
    assert transmission(0.1, coefficient) == pytest.approx(fraction, abs=1e-6)


def test_no_dust_lets_everything_through():
    assert transmission(0.0, 3.214) == 1.0
