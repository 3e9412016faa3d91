"""Closed forms of the SIS against rays shot through the deflection."""

import numpy as np
import pytest
from scipy import special

from udfs.reference import sis


def shot_disc_magnification(radius, offset, theta_e, n_side=3000):
    """Area of the images of a uniform disc over its own, by a grid of rays."""
    half = theta_e + offset + 1.05 * radius
    axis = (np.arange(n_side) + 0.5) / n_side * 2 * half - half
    x, y = np.meshgrid(axis, axis)
    alpha_x, alpha_y = sis.deflection(x, y, theta_e)
    inside = (x - alpha_x - offset) ** 2 + (y - alpha_y) ** 2 < radius**2
    return inside.sum() * (axis[1] - axis[0]) ** 2 / (np.pi * radius**2)


@pytest.mark.parametrize("radius", [0.3, 0.9, 1.5])
def test_disc_on_the_axis(radius):
    """4 theta_E / R, and (1 + theta_E / R)^2 beyond; rays leave 0.2 % at the discs' edges."""
    assert sis.disc_magnification(radius, 1.0) == pytest.approx(
        shot_disc_magnification(radius, 0.0, 1.0), rel=2e-3
    )


@pytest.mark.parametrize(("radius", "offset"), [(0.3, 0.2), (0.25, 0.5)])
def test_disc_off_the_axis(radius, offset):
    """Mean of 2 theta_E / beta over the disc, in elliptic integrals (peers.md B11)."""
    if offset <= radius:
        expected = 8 / (np.pi * radius) * special.ellipe((offset / radius) ** 2)
    else:
        m = (radius / offset) ** 2
        bracket = special.ellipe(m) - (1 - m) * special.ellipk(m)
        expected = 8 * offset / (np.pi * radius**2) * bracket
    assert shot_disc_magnification(radius, offset, 1.0) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("beta", [0.2, 0.9, 1.0, 2.5])
def test_point_magnification_is_the_sum_over_images(beta):
    outer = 1 / (1 - 1 / (1 + beta))
    inner = abs(1 / (1 - 1 / (1 - beta))) if beta < 1 else 0.0
    assert sis.point_magnification(beta, 1.0) == pytest.approx(outer + inner)


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="radius"):
        sis.disc_magnification(0.0, 1.0)
    with pytest.raises(ValueError, match="beta"):
        sis.point_magnification(0.0, 1.0)
