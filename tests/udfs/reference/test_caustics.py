"""Caustics traced with the deflections, against the printed areas (peers.md B11 and B3)."""

import numpy as np
import pytest

from udfs.reference import shear, sie

ASTROID_AREA = {0.5: 0.238145, 0.6: 0.132581, 0.7: 0.065635, 0.8: 0.025921, 0.9: 0.005805}
CUT_AREA = {0.5: 2.903448, 0.6: 3.009011, 0.7: 3.075958, 0.8: 3.115672, 0.9: 3.135788}
SHEAR_ASTROID_AREA = {0.05: 0.0118105, 0.1: 0.0475999, 0.2: 0.1963495}
ANGLE = np.linspace(0, 2 * np.pi, 200001)


def enclosed_area(x, y):
    return 0.5 * abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


@pytest.mark.parametrize(("q", "area"), ASTROID_AREA.items())
def test_tangential_caustic_of_the_sie_has_the_printed_area(q, area):
    radius = 2 * sie.convergence(np.cos(ANGLE), np.sin(ANGLE), 1.0, q, 0.0)
    x, y = radius * np.cos(ANGLE), radius * np.sin(ANGLE)
    alpha_x, alpha_y = sie.deflection(x, y, 1.0, q, 0.0)
    assert enclosed_area(x - alpha_x, y - alpha_y) == pytest.approx(area, abs=2e-6)


@pytest.mark.parametrize(("q", "area"), CUT_AREA.items())
def test_cut_of_the_sie_has_the_printed_area(q, area):
    tiny = 1e-9
    alpha_x, alpha_y = sie.deflection(tiny * np.cos(ANGLE), tiny * np.sin(ANGLE), 1.0, q, 0.0)
    assert enclosed_area(-alpha_x, -alpha_y) == pytest.approx(area, abs=2e-6)


@pytest.mark.parametrize("q", [0.5, 0.8])
def test_cusps_of_the_sie_are_where_theory_says(q):
    f = np.sqrt(1 - q**2)
    radius = 1 / np.sqrt(q)  # of the critical curve on the major axis
    on_major = radius - float(sie.deflection(radius, 0.0, 1.0, q, 0.0)[0])
    assert on_major == pytest.approx(1 / np.sqrt(q) - np.sqrt(q) * np.arccos(q) / f, abs=1e-12)
    radius = np.sqrt(q)
    on_minor = radius - float(sie.deflection(0.0, radius, 1.0, q, 0.0)[1])
    assert on_minor == pytest.approx(np.sqrt(q) - np.sqrt(q) * np.arctanh(f) / f, abs=1e-12)


@pytest.mark.parametrize(("g", "area"), SHEAR_ASTROID_AREA.items())
def test_astroid_of_sis_with_shear_has_the_printed_area(g, area):
    """On the critical curve det A = (1 - g^2) - (1 - g cos 2 phi) / r vanishes."""
    radius = (1 - g * np.cos(2 * ANGLE)) / (1 - g**2)
    x, y = radius * np.cos(ANGLE), radius * np.sin(ANGLE)
    lens = sie.deflection(x, y, 1.0, 1.0, 0.0)
    outer = shear.deflection(x, y, g, 0.0)
    traced = enclosed_area(x - lens[0] - outer[0], y - lens[1] - outer[1])
    assert traced == pytest.approx(area, abs=2e-7)
    assert area == pytest.approx(1.5 * np.pi * g**2 / (1 - g**2), rel=1e-5)
