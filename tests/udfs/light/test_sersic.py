"""The Sersic profile against printed values and numerical integrals."""

import numpy as np
import pytest
from scipy import integrate, special

from udfs.light import sersic

EXACT_B = {
    0.5: 0.693147181, 1: 1.678346990, 1.5: 2.674060314, 2: 3.672060749, 3: 5.670161189,
    4: 7.669249443, 6: 11.668363153, 8: 15.667929544,
}  # fmt: skip
FLUX_AT_UNIT_BRIGHTNESS = {0.5: 9.064720284, 1: 11.948494741, 2: 16.310880482, 4: 22.665233724}


@pytest.mark.parametrize(("n", "b"), EXACT_B.items())
def test_b_has_the_printed_values(n, b):
    assert sersic.b_n(n) == pytest.approx(b, abs=1e-9)


@pytest.mark.parametrize(("n", "factor"), FLUX_AT_UNIT_BRIGHTNESS.items())
def test_total_flux_has_the_printed_factor(n, factor):
    """The factor is for unit brightness at R_e, which is e^-b of the centre."""
    at_reff = sersic.central_brightness(n, 1.0, 1.0) * np.exp(-sersic.b_n(n))
    assert 1 / at_reff == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize("n", [0.3, 0.7, 1.0, 2.5, 4.0])
@pytest.mark.parametrize("q", [0.3, 0.54, 1.0])
def test_light_adds_up_to_one(n, q):
    """Elliptical shells have area 2 pi q R dR, R being semi-major; with R = s^n the cusp is flat."""
    centre, b = sersic.central_brightness(n, q, 0.4), float(sersic.b_n(n))

    def shell(s):
        radius = 0.4 * s**n
        return 2 * np.pi * q * radius * np.exp(-b * s) * 0.4 * n * s ** (n - 1)

    assert centre * integrate.quad(shell, 0, 60)[0] == pytest.approx(1, rel=1e-8)


@pytest.mark.parametrize("n", [0.3, 1.0, 4.0, 8.0])
def test_half_of_the_light_is_within_reff(n):
    assert sersic.flux_fraction(1.0, n) == pytest.approx(0.5, rel=1e-12)


def test_beyond_the_light_radius_is_what_is_neglected():
    n = np.linspace(0.3, 8, 777)
    beyond = special.gammaincc(2 * n, sersic.b_n(n) * sersic.light_radius(n) ** (1 / n))
    # The table is good to 1e-5 of the radius, and e^-25 falls by 25 times that of its exponent.
    assert np.allclose(beyond, sersic.NEGLECTED_LIGHT, rtol=1e-3)
