"""The blur of the batch path against plain convolutions."""

import numpy as np
import pytest
from scipy import signal

from tests.support.kernels_systems import PIXEL
from udfs.core import psf as core_psf
from udfs.core.mixture import mixture
from udfs.light import psf


@pytest.mark.parametrize("profile", ["gaussian", "moffat"])
@pytest.mark.parametrize("fwhm", [(4.7,), (2.0, 7.3), (2.0, 4.7, 7.3), (7.3, 2.0, 4.7, 4.8)])
@pytest.mark.parametrize("box", [(20, 34, 25, 40), (0, 5, 50, 63), (0, 63, 0, 63)])
def test_separable_blur_is_the_plain_convolution(profile, fwhm, box):
    """A Gaussian to single precision; a Moffat as four Gaussians to 1e-3 of its peak."""
    x0, x1, y0, y1 = box
    unit = np.zeros((64, 64), np.float32)
    unit[y0 : y1 + 1, x0 : x1 + 1] = np.random.default_rng(1).uniform(
        size=(y1 - y0 + 1, x1 - x0 + 1)
    )
    gaussians, work = mixture(profile, 3.5), core_psf.make_blur(64, len(fwhm))
    for room in work:
        room[:] = 7  # whatever was there before
    sigma = np.outer(fwhm, gaussians.sigma_per_fwhm)
    light = np.pad(unit[y0 : y1 + 1, x0 : x1 + 1], 1, constant_values=7).ravel()  # in its ring
    to = core_psf.blur(light, box, 64, gaussians.weight, sigma, work)
    height, width = to.y1 - to.y0 + 1, to.x1 - to.x0 + 1
    for band, one in enumerate(fwhm):
        seen = np.zeros((64, 64))
        rows = work.seen[band, : height * to.stride].reshape(height, to.stride)
        seen[to.y0 : to.y1 + 1, to.x0 : to.x1 + 1] = rows[:, :width]
        plain = psf.convolve(unit, one, profile, pixel_scale_arcsec=PIXEL)
        tolerance = 1e-6 if profile == "gaussian" else 2e-3
        assert np.max(np.abs(seen - plain)) < tolerance * plain.max()


def test_rows_of_a_blur_start_where_vectors_do():
    """What makes the passes along columns fast, whatever the box and the room."""
    work = core_psf.make_blur(37, 2)
    for room in (work.image, work.rows[1], work.seen[1]):
        assert room.ctypes.data % (4 * core_psf.LANES) == 0
    light = np.ones(30 * 4, np.float32)
    to = core_psf.blur(light, (3, 30, 5, 6), 37, np.ones(1), np.ones((2, 1)), work)
    assert to.stride % core_psf.LANES == 0
    assert to.lead % core_psf.LANES == 0
    assert to.stride >= to.x1 - to.x0 + 1 + core_psf.taps_radius(1.0)


@pytest.mark.parametrize("fwhm", [2.5, 4.0, 6.0])
def test_gaussians_of_a_moffat_are_its_kernel(fwhm):
    gaussians = mixture("moffat", 3.5)
    kernel = psf.moffat_kernel(fwhm, 3.5)
    radius = len(kernel) // 2
    taps = [psf.gaussian_taps(s * fwhm, radius) for s in gaussians.sigma_per_fwhm]
    total = sum(w * np.outer(t, t) for w, t in zip(gaussians.weight, taps, strict=True))
    assert np.max(np.abs(total - kernel)) < 1e-3 * kernel.max()


def half_taps(sigma):
    taps = np.full(core_psf.taps_radius(sigma) + 1, np.nan, np.float32)
    core_psf.fill_half_taps(sigma, taps)
    return taps


@pytest.mark.parametrize("sigma", [0.3, 1.1, 2.3, 7.9])
def test_taps_are_those_of_the_plain_gaussian(sigma):
    taps, radius = half_taps(sigma), int(np.ceil(4 * sigma))
    plain = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    expected = np.zeros(len(taps))
    expected[: radius + 1] = (plain / plain.sum())[radius:]
    assert np.allclose(taps, expected, rtol=1e-6, atol=0)


def plainly_convolved(image, taps, shift, start, n):
    kernel = np.zeros(2 * (len(taps) - 1) * shift + 1)
    kernel[::shift] = np.concatenate([taps[:0:-1], taps])
    return signal.convolve(image.astype(float), kernel, "same")[start : start + n]


@pytest.mark.parametrize("sigma", [0.3, 1.1, 2.3, 2.7])
@pytest.mark.parametrize("n", [300, 2 * core_psf.CHUNK + 77])
def test_taps_added_along_columns_are_the_plain_sum(n, sigma):
    rng = np.random.default_rng(5)
    image, taps = rng.uniform(size=n + 1600).astype("f4"), half_taps(sigma)
    assert len(taps) % 2 == 1
    out = np.ones(n, np.float32)
    core_psf.add_columns(image, 800, 40, taps, n, out)
    assert np.allclose(out, 1 + plainly_convolved(image, taps, 40, 800, n), rtol=1e-5)
    assert taps[0] + 2 * taps[1:].sum() == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("sigmas", [(0.3, 0.3, 0.3), (1.1, 2.3, 2.7), (2.7, 0.3, 2.3)])
@pytest.mark.parametrize("n", [300, 2 * core_psf.CHUNK + 77])
def test_rows_of_three_bands_are_three_plain_sums(n, sigmas):
    rng = np.random.default_rng(5)
    image, each = rng.uniform(size=n + 200).astype("f4"), [half_taps(s) for s in sigmas]
    taps = np.zeros((3, max(map(len, each))), np.float32)
    for band, one in enumerate(each):
        taps[band, : len(one)] = one
    chunk, out = np.full(3 * core_psf.CHUNK, np.nan, "f4"), np.zeros((3, n + 200), "f4")
    core_psf.convolve_rows(image, 100, taps, n, chunk, out)
    for band, one in enumerate(each):
        plain = plainly_convolved(image, one, 1, 100, n)
        assert np.allclose(out[band, 100 : 100 + n], plain, rtol=1e-5)
        assert not out[band, :100].any()
        assert not out[band, 100 + n :].any()
