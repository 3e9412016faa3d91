"""Clumpy sources share one flux."""

import numpy as np
import pytest

from tests.support.kernels_systems import random_system
from udfs.reference.clumps import Clump, render_lensed_clumps
from udfs.reference.render import render_lensed_sersic

UNLENSED = random_system(
    np.random.default_rng(0), size=64, theta_e_arcsec=0.0, shear_g1=0.0, shear_g2=0.0, src_n=1.0,
    src_x_arcsec=0.2, src_y_arcsec=-0.1, src_reff_arcsec=0.3, lens_x_pix=31.4, lens_y_pix=31.8,
)  # fmt: skip
CLUMPS = (Clump(0.2, 0.3, 0.1, 0.08), Clump(0.1, -0.2, 0.4, 0.1, q=0.6, phi_rad=1.0, n=0.5))


def test_defect_h_clumps_do_not_add_flux():
    assert render_lensed_clumps(CLUMPS, **UNLENSED).sum() == pytest.approx(1, rel=1e-5)


def test_clumps_are_where_they_are_said_to_be():
    image = render_lensed_clumps((Clump(1.0, 1.0, -0.5, 0.2),), **UNLENSED)
    rows, columns = np.indices(image.shape)
    x = ((image * columns).sum() / image.sum() - 31.4) * 0.262
    y = ((image * rows).sum() / image.sum() - 31.8) * 0.262
    assert (x, y) == pytest.approx((1.2, -0.6), abs=1e-3)  # a pixel is counted at its centre


def test_no_clumps_is_the_plain_source():
    assert np.array_equal(render_lensed_clumps((), **UNLENSED), render_lensed_sersic(**UNLENSED))


@pytest.mark.parametrize("fractions", [(0.7, 0.4), (-0.1,), (1.1,), (np.nan,)])
def test_bad_fractions_are_refused(fractions):
    clumps = tuple(Clump(fraction, 0.0, 0.0, 0.1) for fraction in fractions)
    with pytest.raises(ValueError, match="flux"):
        render_lensed_clumps(clumps, **UNLENSED)
