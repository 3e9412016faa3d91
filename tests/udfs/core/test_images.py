"""Images and magnifications of the batch path against the plain renderer."""

import numpy as np
import pytest

from tests.support.kernels_images import fast_image
from tests.support.kernels_systems import PIXEL, random_system
from udfs.batch.error_budget import LARGEST_BIAS, flux_limits, is_beyond_budget
from udfs.light import psf
from udfs.reference.render import render_lensed_sersic


@pytest.mark.parametrize(("psfsize", "largest"), [(0.8, 1.5e-2), (1.2, 4e-3)])
def test_psf_sees_where_in_its_pixel_the_light_lies(psfsize, largest):
    """Against a convolution on a grid five times as fine; on whole pixels it is off ten times more."""
    fine, errors, errors_on_pixels = 5, [], []
    fwhm = psf.kernel_fwhm_pix(psfsize, "gaussian", 3.5, PIXEL)
    rng = np.random.default_rng(21)
    for _ in range(6):
        system = random_system(rng, size=40, src_n=1.0, src_reff_arcsec=0.08)
        finely = render_lensed_sersic(**system | {
            "lens_x_pix": fine * (system["lens_x_pix"] + 0.5) - 0.5,
            "lens_y_pix": fine * (system["lens_y_pix"] + 0.5) - 0.5,
            "size_pix": fine * 40,
            "pixel_scale_arcsec": PIXEL / fine,
        })  # fmt: skip
        seen = psf.convolve(finely, fine * fwhm, pixel_scale_arcsec=PIXEL / fine)
        seen = seen.reshape(40, fine, 40, fine).sum(axis=(1, 3))
        for is_shared, kept in ((True, errors), (False, errors_on_pixels)):
            ours = psf.convolve(fast_image(system, is_shared)[0], fwhm)
            kept.append(np.max(np.abs(ours - seen)) / seen.max())
    assert max(errors) < largest
    assert np.median(errors_on_pixels) > 4 * np.median(errors)


# Pixels near the peak are looked at too, where a single part of a cell matters; the plain renderer is
# the reference. Sizes at the border of the budget are the worst in it.
@pytest.mark.parametrize(
    ("n", "reff"),
    [(0.5, 0.08), (0.5, 0.3), (1.0, 0.08), (1.0, 0.15), (1.0, 0.5), (1.7, 0.15), (2.0, 0.15),
     (4.0, 0.2), (4.0, 0.5)],
)  # fmt: skip
@pytest.mark.parametrize("has_shear", [True, False])
def test_fast_image_is_the_plain_one_within_the_published_budget(n, reff, has_shear):
    """The limits of docs/error_budget.md on a smaller sample, for rows that carry no flag."""
    assert not is_beyond_budget(np.array([n]), np.array([reff]), np.array([0.5]), PIXEL)
    rng = np.random.default_rng([int(1000 * reff), int(10 * n), has_shear])
    unsheared = {} if has_shear else {"shear_g1": 0.0, "shear_g2": 0.0}
    errors = []
    for _ in range(40):
        system = random_system(rng, src_n=n, src_reff_arcsec=reff) | unsheared
        fast, _ = fast_image(system)
        plain = render_lensed_sersic(**system)
        errors.append(fast.sum(dtype=float) / plain.sum() - 1)
        assert np.max(np.abs(fast - plain)) < 0.03 * plain.max()
    rms, largest = flux_limits(n)
    assert np.sqrt(np.mean(np.square(errors))) <= rms
    assert np.max(np.abs(errors)) <= largest
    assert abs(np.mean(errors)) < LARGEST_BIAS


@pytest.mark.parametrize("case", ["no lens", "round", "flat", "no shear", "strong shear", "far"])
def test_fast_image_is_right_at_the_edges_of_the_parameters(case):
    changes = {
        "no lens": {"theta_e_arcsec": 0.0, "shear_g1": 0.0, "shear_g2": 0.0},
        "round": {"lens_q": 1.0, "src_q": 1.0},
        "flat": {"lens_q": 0.25, "src_q": 0.2},
        "no shear": {"shear_g1": 0.0, "shear_g2": 0.0},
        "strong shear": {"shear_g1": 0.3, "shear_g2": -0.2},
        "far": {"src_x_arcsec": 3.0, "src_y_arcsec": -1.0},
    }[case]
    rng = np.random.default_rng(12)
    for _ in range(5):
        system = random_system(rng, src_n=1.0, src_reff_arcsec=0.15) | changes
        fast, magnification = fast_image(system)
        plain = render_lensed_sersic(**system)
        assert fast.sum(dtype=float) == pytest.approx(plain.sum(), rel=3e-3)
        assert magnification == pytest.approx(plain.sum(), rel=2e-3)


def test_a_pixel_of_a_small_ring_whose_neighbours_are_as_bright_as_its_middle_is_refined():
    """A render of the embedded survey: the ring is one pixel wide, and one pixel of it looked flat."""
    system = {
        "theta_e_arcsec": 0.3, "lens_q": 0.83724, "lens_phi_rad": 1.453522, "shear_g1": 0.0, "shear_g2": 0.0,
        "src_x_arcsec": -0.06605, "src_y_arcsec": 0.014826, "src_reff_arcsec": 0.15, "src_q": 1.0,
        "src_phi_rad": 4.788749, "src_n": 1.0, "size_pix": 64, "pixel_scale_arcsec": PIXEL,
        "lens_x_pix": 31.7938749219, "lens_y_pix": 31.45334675168,
    }  # fmt: skip
    fast, plain = fast_image(system)[0], render_lensed_sersic(**system)
    assert fast.sum(dtype=float) == pytest.approx(plain.sum(), rel=1e-3)
    assert np.max(np.abs(fast - plain)) < 0.02 * plain.max()


@pytest.mark.parametrize("theta_e_arcsec", [0.0, 0.01, 0.03, 0.1, 0.5])
def test_a_peaked_source_behind_the_centre_of_a_weak_lens_is_within_the_budget(theta_e_arcsec):
    """Cells with the lens centre hold the source's peak too, where the lens hardly bends the light."""
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(12):
        system = random_system(rng, src_n=4.0, src_reff_arcsec=0.2)
        system |= {"theta_e_arcsec": theta_e_arcsec, "src_x_arcsec": 0.0, "src_y_arcsec": 0.0}
        fast, _ = fast_image(system)
        errors.append(fast.sum(dtype=float) / render_lensed_sersic(**system).sum() - 1)
    rms, largest = flux_limits(4.0)
    assert np.sqrt(np.mean(np.square(errors))) <= rms
    assert np.max(np.abs(errors)) <= largest


@pytest.mark.parametrize("n", [0.5, 1.0, 2.0, 4.0])
def test_ray_traced_magnification_agrees_with_the_plain_renderer(n):
    """Rays from the lens against pixels: two methods that share only the deflection."""
    rng = np.random.default_rng(int(10 * n))
    size = 64 if n < 3 else 400
    ratios = []
    for _ in range(6):
        system = random_system(rng, size=size, src_n=n, src_reff_arcsec=0.25)
        ratios.append(fast_image(system)[1] / render_lensed_sersic(**system).sum())
    assert np.max(np.abs(np.array(ratios) - 1)) < 1e-3


def test_ray_traced_magnification_has_the_exact_values():
    system = random_system(
        np.random.default_rng(0), theta_e_arcsec=1.0, lens_q=1.0, shear_g1=0.0, shear_g2=0.0,
        src_x_arcsec=0.0, src_y_arcsec=0.0, src_q=1.0, src_reff_arcsec=0.1, src_n=1.0,
    )  # fmt: skip
    assert fast_image(system)[1] == pytest.approx(33.56694, rel=1e-4)
    assert fast_image(system | {"src_n": 4.0, "src_reff_arcsec": 0.2})[1] == pytest.approx(
        41.241, rel=1e-3
    )
