"""The SIE against closed forms, printed numbers and lenstronomy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.Util.param_util import phi_q2_ellipticity

from udfs.reference import sie

# peers.md B1: theta_E = 1, q = 0.7, phi = 0
PRINTED = {
    (1.0, 0.0): (0.9318561588, 0.0),
    (0.0, 1.0): (0.0, 1.0492337361),
    (1.0, 1.0): (0.6201682753, 0.7850665267),
    (0.5, -2.0): (0.2039484086, -1.0240619727),
}


@pytest.mark.parametrize(("position", "expected"), PRINTED.items())
def test_deflection_has_the_printed_values(position, expected):
    assert np.allclose(sie.deflection(*position, 1.0, 0.7, 0.0), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("q", [0.3, 0.5, 0.7, 0.9, 0.9999])
@pytest.mark.parametrize("phi", [0.0, 0.6, 2.5])
@pytest.mark.parametrize("theta_e", [0.3, 1.7])
def test_deflection_agrees_with_lenstronomy(q, phi, theta_e):
    x, y = np.meshgrid(np.linspace(-4, 4, 21) + 0.01, np.linspace(-4, 4, 21) - 0.02)
    e1, e2 = phi_q2_ellipticity(phi, q)
    lens = {"theta_E": theta_e, "e1": e1, "e2": e2, "center_x": 0, "center_y": 0}
    # EPL at gamma = 2 is lenstronomy's SIE without its softening of 1e-10 arcsec
    expected = LensModel(["EPL"]).alpha(x, y, [lens | {"gamma": 2.0}])
    assert np.max(np.abs(np.array(sie.deflection(x, y, theta_e, q, phi)) - expected)) < 1e-9
    softened = LensModel(["SIE"]).alpha(x, y, [lens])
    far = np.hypot(x, y) > 10 * theta_e * 1e-10 / 1e-9  # the softening is felt as 1e-10 / distance
    difference = np.array(sie.deflection(x, y, theta_e, q, phi)) - softened
    assert far.sum() > 200
    assert np.max(np.abs(difference[:, far])) < 1e-9


@pytest.mark.parametrize("q", [0.2, 0.5, 0.7, 0.95, 1.0])
def test_area_within_the_critical_curve_is_that_of_the_einstein_circle(q):
    """The defining property of theta_E: on the critical curve 2 kappa = 1, for every q."""
    angle = np.linspace(0, 2 * np.pi, 20001)[:-1]
    kappa_at_one = sie.convergence(np.cos(angle), np.sin(angle), 1.3, q, 0.4)
    radius = 2 * kappa_at_one  # kappa falls as 1 / r
    assert np.mean(radius**2) / 2 * 2 * np.pi == pytest.approx(np.pi * 1.3**2, rel=1e-10)


def test_convergence_is_half_the_divergence_of_the_deflection():
    x, y, h = 0.8, -0.5, 1e-5
    args = (1.1, 0.6, 0.9)
    divergence = (
        sie.deflection(x + h, y, *args)[0]
        - sie.deflection(x - h, y, *args)[0]
        + sie.deflection(x, y + h, *args)[1]
        - sie.deflection(x, y - h, *args)[1]
    ) / (2 * h)
    assert divergence / 2 == pytest.approx(sie.convergence(x, y, *args), rel=1e-8)


def test_sie_goes_over_into_sis_when_round():
    x, y = np.random.default_rng(1).normal(0, 2, (2, 200))
    round_one = np.array(sie.deflection(x, y, 1.4, 1.0, 0.3))
    assert np.allclose(round_one, 1.4 * np.array([x, y]) / np.hypot(x, y), atol=1e-14)
    for q in (1 - 1e-6, 1 - 1e-12, 1 - 1e-16):
        assert np.max(np.abs(np.array(sie.deflection(x, y, 1.4, q, 0.3)) - round_one)) < 1.4e-6


def test_deflection_is_zero_and_finite_at_the_origin():
    for q in (0.3, 1.0):
        assert np.array_equal(sie.deflection(0.0, 0.0, 1.0, q, 0.5), (0.0, 0.0))


def test_deflection_is_finite_however_near_the_origin():
    """The smallest number of all times a factor is rounded up to itself."""
    assert np.isfinite(sie.deflection([0.0, 5e-324], [5e-324, 0.0], 1.0, 0.5, 0.0)).all()


@given(
    st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 3), st.floats(0.05, 1), st.floats(-7, 7),
    st.floats(-4, 4),
)  # fmt: skip
def test_deflection_turns_with_the_lens(x, y, theta_e, q, phi, turn):
    cos, sin = np.cos(turn), np.sin(turn)
    ax, ay = sie.deflection(x, y, theta_e, q, phi)
    bx, by = sie.deflection(x * cos - y * sin, x * sin + y * cos, theta_e, q, phi + turn)
    # near the origin the direction of a tiny vector is rounded, so only away from it
    if np.hypot(x, y) > 1e-3:
        assert np.allclose((bx, by), (ax * cos - ay * sin, ax * sin + ay * cos), atol=1e-9)


def image_magnifications(q):
    """|mu| of the four images of a source behind the centre, on the axes: 1 / (1 - 2 kappa)."""
    x = float(sie.deflection(1.0, 0.0, 1.0, q, 0.0)[0])
    y = float(sie.deflection(0.0, 1.0, 1.0, q, 0.0)[1])
    kappa = sie.convergence(np.array([x, 0.0]), np.array([0.0, y]), 1.0, q, 0.0)
    return x, y, np.abs(1 / (1 - 2 * kappa))


def test_source_at_the_centre_has_the_printed_images_and_magnification():
    x, y, magnification = image_magnifications(0.7)
    assert (x, y) == pytest.approx((0.931856, 1.049234), abs=1e-6)
    assert sorted(magnification) == pytest.approx([3.53817, 4.93586], abs=1e-5)
    assert 2 * magnification.sum() == pytest.approx(16.94805, abs=1e-5)


@pytest.mark.parametrize(
    "bad",
    [
        {"q": 0.0}, {"q": 1.1}, {"q": -0.5}, {"q": np.nan}, {"theta_e_arcsec": -1.0},
        {"theta_e_arcsec": np.nan}, {"theta_e_arcsec": np.inf}, {"phi_rad": np.nan},
        {"x_arcsec": np.nan}, {"y_arcsec": [0.0, np.inf]},
    ],
)  # fmt: skip
def test_bad_parameters_are_refused(bad):
    good = {"x_arcsec": 1.0, "y_arcsec": 0.5, "theta_e_arcsec": 1.0, "q": 0.7, "phi_rad": 0.0}
    with pytest.raises(ValueError, match=next(iter(bad))):
        sie.deflection(**(good | bad))
