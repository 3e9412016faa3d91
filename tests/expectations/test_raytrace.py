"""Inverse ray shooting against closed forms and lenstronomy."""

import dataclasses

import numpy as np
import pytest
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.Util.param_util import phi_q2_ellipticity

from expectations.independent.raytrace import System, raytraced_magnification, source_plane

ROUND = System(
    theta_e_arcsec=1.0,
    lens_e=0.0,
    lens_phi_rad=0.0,
    shear=0.0,
    shear_phi_rad=0.0,
    src_x_arcsec=0.0,
    src_y_arcsec=0.0,
    src_reff_arcsec=0.1,
    src_e=0.0,
    src_phi_rad=0.0,
    src_n=1.0,
)


def magnification(**changes):
    return raytraced_magnification(dataclasses.astuple(dataclasses.replace(ROUND, **changes)))


@pytest.mark.parametrize("src_n", [0.5, 1.0, 4.0])
def test_without_a_lens_the_flux_is_that_of_the_source(src_n):
    # 0.1 %: the error asked for, and what an n = 4 profile has outside the box.
    changes = {"src_n": src_n, "src_e": 0.3, "src_x_arcsec": 0.7, "src_phi_rad": 1.0}
    assert magnification(theta_e_arcsec=1e-9, **changes) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("beta", [0.4, 0.8, 1.5, 3.0])
def test_a_small_source_behind_an_isothermal_sphere_is_magnified_as_a_point(beta):
    # 2 theta_E / beta inside the Einstein radius, 1 + theta_E / beta outside; a source of 0.02
    # arcsec differs from a point in the second order of its size over beta, below 0.5 %.
    expected = 2 / beta if beta < 1 else 1 + 1 / beta
    measured = magnification(src_x_arcsec=beta * 0.6, src_y_arcsec=beta * 0.8, src_reff_arcsec=0.02)
    assert measured == pytest.approx(expected, rel=5e-3)


def test_a_source_in_the_centre_of_an_isothermal_sphere():
    # The magnification at a source radius b is 2 / b inside and 1 + 1 / b outside, so that of a
    # round source is the mean of it over the profile: for n = 1, all but 1e-7 of it inside,
    # <2 / b> = 2 * 1.67834699 / R_e.
    assert magnification() == pytest.approx(2 * 1.67834699 / 0.1, rel=2e-3)


def test_the_lens_equation_is_that_of_lenstronomy():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-3, 3, (2, 200))
    for lens_e, phi, shear, shear_phi in [(0.3, 0.4, 0.0, 0.0), (0.1, 2.5, 0.08, 1.1)]:
        system = dataclasses.replace(
            ROUND, lens_e=lens_e, lens_phi_rad=phi, shear=shear, shear_phi_rad=shear_phi
        )
        e1, e2 = phi_q2_ellipticity(phi, (1 - lens_e) / (1 + lens_e))
        lens = LensModel(["SIE", "SHEAR"])
        keywords = [
            {"theta_E": 1.0, "e1": e1, "e2": e2, "center_x": 0, "center_y": 0},
            {
                "gamma1": shear * np.cos(2 * shear_phi),
                "gamma2": shear * np.sin(2 * shear_phi),
                "ra_0": 0,
                "dec_0": 0,
            },
        ]
        expected = np.array(lens.ray_shooting(x, y, keywords))
        # lenstronomy softens the centre of its SIE by 1e-9 or so.
        np.testing.assert_allclose(source_plane(x, y, system), expected, atol=1e-6)
