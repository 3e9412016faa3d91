"""Widths, kernels and convolution against closed forms and sub-pixel sums."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from udfs.light import psf

SIZES = [64, 65]


def centroid(image):
    y, x = np.indices(image.shape)
    return np.array([(image * x).sum(), (image * y).sum()]) / image.sum()


def impulse(shape, x, y):
    image = np.zeros(shape)
    image[y, x] = 2.5
    return image


@pytest.mark.parametrize(
    ("beta", "ratio"), [(2.5, 1.389), (3, 1.291), (3.5, 1.2325), (4.765, 1.154)]
)
def test_moffat_of_the_same_nea_has_the_printed_width(beta, ratio):
    assert 1.3 / psf.moffat_fwhm_from_nea_fwhm(1.3, beta) == pytest.approx(ratio, abs=6e-4)


@pytest.mark.parametrize("profile", ["gaussian", "moffat"])
def test_widths_and_radii_of_many_kernels_are_those_of_each(profile):
    sizes = np.linspace(0.5, 5, 40)
    many = psf.kernel_fwhms_pix(sizes, profile, 3.5, 0.262)
    assert many.tolist() == [psf.kernel_fwhm_pix(size, profile, 3.5, 0.262) for size in sizes]
    radii = psf.kernel_radii(many, profile, 3.5)
    assert radii.tolist() == [psf.kernel_radius(fwhm, profile, 3.5) for fwhm in many]


@pytest.mark.parametrize("beta", [2.5, 3.5])
def test_nea_is_the_inverse_of_the_integral_of_the_square(beta):
    alpha = psf.moffat_alpha(1.1, beta)

    def profile(r):
        return (beta - 1) / (np.pi * alpha**2) * (1 + (r / alpha) ** 2) ** -beta

    assert integrate.quad(lambda r: 2 * np.pi * r * profile(r), 0, np.inf)[0] == pytest.approx(1)
    square = integrate.quad(lambda r: 2 * np.pi * r * profile(r) ** 2, 0, np.inf)[0]
    assert psf.moffat_nea(1.1, beta) == pytest.approx(1 / square)
    assert profile(0.55) == pytest.approx(profile(0.0) / 2)  # 1.1 is the full width at half maximum


def test_gaussian_has_its_nea_and_width():
    sigma = 1.1 / psf.FWHM_PER_SIGMA
    assert psf.gaussian_nea(1.1) == pytest.approx(4 * np.pi * sigma**2)
    assert np.exp(-0.5 * (0.55 / sigma) ** 2) == pytest.approx(0.5)


@pytest.mark.parametrize("profile", ["gaussian", "moffat"])
@pytest.mark.parametrize("psfsize", [0.7, 1.0, 1.3, 2.0])
def test_kernel_and_pixel_together_have_the_nea_of_the_survey(profile, psfsize):
    """The kernel convolved with a pixel, finely sampled, must have the psfsize it was made from.

    Taking p^2/12 off the variance is exact for second moments; for the NEA it is good to 1.5 % of the
    width at the narrowest.
    """
    fine, pixel = 8, 0.262
    fwhm = psf.kernel_fwhm_pix(psfsize, profile, 3.5, pixel) * fine
    offset = np.arange(-60 * fine, 60 * fine + 1)
    square = offset[:, None] ** 2 + offset[None, :] ** 2
    if profile == "moffat":
        kernel = (1 + square / psf.moffat_alpha(fwhm, 3.5) ** 2) ** -3.5
    else:
        kernel = np.exp(-0.5 * square / (fwhm / psf.FWHM_PER_SIGMA) ** 2)
    box = np.ones(fine + 1)
    box[[0, -1]] = 0.5
    blurred = psf.signal.fftconvolve(kernel, np.outer(box, box), "same")
    nea = blurred.sum() ** 2 / (blurred**2).sum() / fine**2
    measured = psf.FWHM_PER_SIGMA * np.sqrt(nea / (4 * np.pi)) * pixel
    assert measured == pytest.approx(psfsize, rel=0.015)


@pytest.mark.parametrize("profile", ["gaussian", "moffat"])
@pytest.mark.parametrize("height", SIZES)
@pytest.mark.parametrize("width", SIZES)
def test_convolution_keeps_sum_and_centroid(profile, height, width):
    seen = psf.convolve(impulse((height, width), 30, 33), 4.7, profile)
    assert seen.sum() == pytest.approx(2.5, rel=1e-12)
    assert np.max(np.abs(centroid(seen) - (30, 33))) < 1e-3


@pytest.mark.parametrize("kernel_shape", [(21, 21), (20, 20), (21, 24), (13, 30)])
@pytest.mark.parametrize("size", SIZES)
def test_pixel_image_psf_keeps_sum_and_centroid(kernel_shape, size):
    y, x = np.indices(kernel_shape)
    kernel = np.exp(-0.5 * ((x - 10.3) ** 2 + (y - 6.2) ** 2) / 1.3**2)
    seen = psf.convolve_with_image(impulse((size, size), 30, 33), 7 * kernel)
    assert seen.sum() == pytest.approx(2.5, rel=1e-9)
    assert np.max(np.abs(centroid(seen) - (30, 33))) < 1e-3


def test_pixel_image_psf_is_the_profile_it_was_drawn_from():
    image = np.random.default_rng(0).uniform(size=(60, 61))
    offset = np.arange(-14, 15)
    drawn = np.exp(-0.5 * (offset[:, None] ** 2 + offset**2) / (4.0 / psf.FWHM_PER_SIGMA) ** 2)
    by_image = psf.convolve_with_image(image, drawn)
    assert np.allclose(by_image, psf.convolve(image, 4.0), atol=2e-3)


@pytest.mark.parametrize("profile", ["gaussian", "moffat"])
def test_second_moments_add(profile):
    """Variances add; a beta of 6 keeps the Moffat's finite within its kernel."""
    y, x = np.indices((81, 81))
    blob = np.exp(-0.5 * ((x - 40) ** 2 / 3.0**2 + (y - 40) ** 2 / 2.0**2))
    seen = psf.convolve(blob, 4.0, profile, 6.0)
    if profile == "gaussian":
        kernel = psf.gaussian_taps(4.0 / psf.FWHM_PER_SIGMA, psf.kernel_radius(4.0, profile))
        offset = np.arange(len(kernel)) - len(kernel) // 2
        variance = (kernel * offset**2).sum()
        assert variance == pytest.approx((4.0 / psf.FWHM_PER_SIGMA) ** 2, rel=2e-3)
    else:
        kernel = psf.moffat_kernel(4.0, 6.0)
        offset = np.arange(len(kernel)) - len(kernel) // 2
        variance = (kernel * offset**2).sum()
    for axis, own in ((x, 3.0**2), (y, 2.0**2)):
        measured = (seen * (axis - 40) ** 2).sum() / seen.sum()
        assert measured == pytest.approx(own + variance, rel=1e-3)


def test_light_that_leaves_the_image_does_not_come_back():
    seen = psf.convolve(impulse((64, 64), 1, 32), 5.0)
    assert seen[:, 40:].max() < 1e-12
    assert seen.sum() < 2.5


@given(st.floats(2.0, 7.0), st.floats(2.0, 5.0))
@settings(deadline=None)
def test_any_width_gives_a_normalised_kernel(fwhm_pix, beta):
    kernel = psf.moffat_kernel(fwhm_pix, beta)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.min() > 0


IMAGE = np.ones((64, 64))


@pytest.mark.parametrize(
    "bad",
    [
        {"fwhm_pix": 0.0}, {"fwhm_pix": np.nan}, {"fwhm_pix": 1.8}, {"fwhm_pix": 19.2},
        {"fwhm_pix": -3.0}, {"profile": "airy"}, {"profile": "moffat", "beta": 1.0},
        {"profile": "moffat", "beta": np.nan}, {"image": np.full((64, 64), np.nan)},
        {"image": np.ones(64)}, {"image": np.ones((64, 20)), "fwhm_pix": 7.0},
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(bad):
    with pytest.raises(ValueError, match=r"must|larger"):
        psf.convolve(**({"image": IMAGE, "fwhm_pix": 5.0} | bad))


@pytest.mark.parametrize("bad", [np.ones((65, 65)), np.zeros((5, 5)), np.full((5, 5), np.inf)])
def test_bad_pixel_image_is_refused(bad):
    with pytest.raises(ValueError, match=r"must|larger"):
        psf.convolve_with_image(IMAGE, bad)


@pytest.mark.parametrize("psfsize", [0.49, 5.1, 0.0, np.nan])
def test_survey_width_out_of_range_is_refused(psfsize):
    with pytest.raises(ValueError, match="psfsize"):
        psf.kernel_fwhm_pix(psfsize, "gaussian", 3.5, 0.262)
