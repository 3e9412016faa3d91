"""The elliptical power law against lenstronomy and the SIE."""

import numpy as np
import pytest
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.Util.param_util import phi_q2_ellipticity

from udfs.reference import epl, sie

X, Y = np.random.default_rng(3).normal(0, 2, (2, 300))


@pytest.mark.parametrize("slope", [1.5, 2.0, 2.4])
@pytest.mark.parametrize("q", [0.3, 0.7, 0.999])
def test_deflection_agrees_with_lenstronomy(slope, q):
    e1, e2 = phi_q2_ellipticity(0.6, q)
    lens = {"theta_E": 1.3, "gamma": slope, "e1": e1, "e2": e2, "center_x": 0, "center_y": 0}
    expected = LensModel(["EPL"]).alpha(X, Y, [lens])
    assert np.max(np.abs(np.array(epl.deflection(X, Y, 1.3, q, 0.6, slope)) - expected)) < 1e-12


def test_isothermal_slope_is_the_sie():
    isothermal = np.array(epl.deflection(X, Y, 1.3, 0.6, 1.1, 2.0))
    assert np.allclose(isothermal, sie.deflection(X, Y, 1.3, 0.6, 1.1), atol=1e-13)


def test_no_mass_and_the_origin_deflect_nothing():
    assert np.array_equal(epl.deflection(X, Y, 0.0, 0.6, 1.1, 2.2), np.zeros((2, 300)))
    assert np.array_equal(epl.deflection(0.0, 0.0, 1.0, 0.6, 1.1, 1.5), (0.0, 0.0))


@pytest.mark.parametrize("bad", [{"slope": 1.0}, {"slope": 3.0}, {"slope": np.nan}, {"q": 0.0}])
def test_bad_parameters_are_refused(bad):
    good = {"theta_e_arcsec": 1.0, "q": 0.7, "phi_rad": 0.0, "slope": 2.0}
    with pytest.raises(ValueError, match=next(iter(bad))):
        epl.deflection(1.0, 1.0, **(good | bad))
