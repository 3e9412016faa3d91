"""External shear against lenstronomy."""

import numpy as np
import pytest
from lenstronomy.LensModel.lens_model import LensModel

from udfs.reference import shear


def test_deflection_agrees_with_lenstronomy():
    x, y = np.random.default_rng(5).normal(0, 2, (2, 50))
    expected = LensModel(["SHEAR"]).alpha(x, y, [{"gamma1": 0.04, "gamma2": -0.02}])
    assert np.allclose(shear.deflection(x, y, 0.04, -0.02), expected, atol=1e-15)


def test_shear_has_spin_two():
    assert np.allclose(shear.components(0.1, 0.3), shear.components(0.1, 0.3 + np.pi))
    assert np.allclose(shear.components(0.1, np.pi / 2), (-0.1, 0.0))


def test_shear_stretches_along_its_angle():
    """beta = (1 - g) x along phi: images are longer in the direction of the shear."""
    g1, g2 = shear.components(0.1, 0.7)
    x, y = np.cos(0.7), np.sin(0.7)
    ax, ay = shear.deflection(x, y, g1, g2)
    assert (ax, ay) == pytest.approx((0.1 * x, 0.1 * y))
