"""The blind statistic: what it fires on, what it does not, and that it measures what it says."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from udfs.batch import blind

PIXEL = 0.262
SIZE = 64
SIGMA = np.array([0.006, 0.02])  # noise of blue and red, nanomaggy
FWHM = np.array([1.4, 1.15])


def blurred(image, fwhm_arcsec):
    return gaussian_filter(image, fwhm_arcsec / PIXEL * blind.SIGMA_PER_FWHM)


def offsets():
    at = (np.arange(SIZE) - 0.5 * (SIZE - 1)) * PIXEL
    return np.meshgrid(at, at)


def galaxy(blue_flux=2.0, red_flux=17.0):
    """An exponential galaxy of one colour, seen by both bands; no noise."""
    x, y = offsets()
    light = np.exp(-np.hypot(x, y / 0.8) / 0.7)
    return np.stack(
        [
            blurred(light / light.sum() * f, w)
            for f, w in zip((blue_flux, red_flux), FWHM, strict=True)
        ]
    )


def arc(flux, radius=1.8, length_rad=1.5, blue_over_red=1.0):
    """A blue arc about +x."""
    x, y = offsets()
    on = np.exp(-0.5 * ((np.hypot(x, y) - radius) / 0.15) ** 2) * (
        abs(np.arctan2(y, x)) < length_rad / 2
    )
    return np.stack(
        [
            blurred(on / on.sum() * f, w)
            for f, w in zip((flux, flux / blue_over_red), FWHM, strict=True)
        ]
    )


def detect(images, fwhm=FWHM, invvar=None):
    images = np.asarray(images, np.float32)
    if invvar is None:
        invvar = np.broadcast_to((SIGMA**-2.0)[:, None, None], images.shape)
    return blind.blind_detection(images, invvar, np.broadcast_to(fwhm, images.shape[:2]), PIXEL)


def noise(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 2, SIZE, SIZE)) * SIGMA[:, None, None]


def test_arcs_stand_out_from_galaxies_without_one():
    hosts = galaxy() + noise(300, 1)
    without, _ = detect(hosts)
    faint, _ = detect(hosts + arc(0.4))
    bright, _ = detect(hosts + arc(1.2))
    threshold = np.quantile(without, 0.99)
    assert (bright > threshold).mean() > 0.99
    assert threshold < np.median(faint) < np.median(bright)


def test_a_galaxy_of_one_colour_leaves_nothing_whatever_the_seeing():
    bright = galaxy(200.0, 1700.0)
    snr, _ = detect([bright])
    # Its light is 10^4 times the noise; what the Gaussian kernels leave is within the model error.
    assert snr[0] < 1


def test_bright_galaxies_do_not_fire_more_often_than_faint_ones():
    faint, bright = (
        np.quantile(detect(galaxy(flux, 8.5 * flux) + noise(200, 3))[0], 0.9) for flux in (0.5, 20)
    )
    assert bright < faint


def test_signal_to_noise_is_that_of_the_summed_arc():
    # No galaxy but a faint red core to scale by: the statistic is the arc's light over its noise.
    ring = arc(3.0, radius=2.6, length_rad=6.3, blue_over_red=1e9)
    core = galaxy(0.0, 1.0)
    snr, extent = detect([ring + core])
    cells = blind.polar_cells(SIZE, PIXEL)
    best = 0.0
    for first in range(blind.N_BINS - 1):
        inside = (
            (cells // blind.N_SECTORS >= first)
            & (cells // blind.N_SECTORS < first + 2)
            & (cells >= 0)
        )
        best = max(best, ring[0][inside].sum() / (SIGMA[0] * np.sqrt(inside.sum())))
    assert extent[0] == pytest.approx(2 * np.pi)
    assert snr[0] == pytest.approx(best, rel=0.01)


def test_longer_arcs_extend_further():
    lengths = [0.6, 1.5, 3.0, 6.3]
    extents = [
        detect([galaxy() + arc(3.0, radius=2.2, length_rad=length)])[1][0] for length in lengths
    ]
    assert extents == sorted(extents)
    assert extents[0] < extents[2] < extents[3]
    sector = 2 * np.pi / blind.N_SECTORS
    assert all(
        e % sector == pytest.approx(0, abs=1e-9) or e % sector == pytest.approx(sector)
        for e in extents
    )


def test_turning_the_stamp_by_a_quarter_changes_nothing():
    stamps = galaxy() + arc(1.0) + noise(5, 4)
    turned = np.rot90(stamps, axes=(2, 3))
    np.testing.assert_allclose(detect(stamps)[0], detect(turned)[0], rtol=1e-4)


def test_a_row_does_not_depend_on_its_neighbours_or_on_the_middle_band():
    stamps = galaxy() + arc(1.0) + noise(6, 5)
    whole, _ = detect(stamps)
    alone = [detect(stamps[i : i + 1])[0][0] for i in range(6)]
    np.testing.assert_array_equal(whole, alone)
    three = np.insert(stamps, 1, 99.0, axis=1).astype(np.float32)
    invvar = np.broadcast_to(np.array([SIGMA[0], 1, SIGMA[1]])[:, None, None] ** -2.0, three.shape)
    fwhm = np.broadcast_to([FWHM[0], 9, FWHM[1]], (6, 3))
    np.testing.assert_array_equal(blind.blind_detection(three, invvar, fwhm, PIXEL)[0], whole)


def test_the_stamp_of_64_pixels_gives_what_that_of_96_gives():
    wide = np.pad(galaxy() + arc(1.0) + noise(3, 6), ((0, 0), (0, 0), (16, 16), (16, 16)))
    invvar = np.broadcast_to((SIGMA**-2.0)[:, None, None], wide.shape)
    fwhm = np.broadcast_to(FWHM, (3, 2))
    one = blind.blind_detection(wide, invvar, fwhm, PIXEL)[0]
    cut = (slice(None), slice(None), slice(16, 80), slice(16, 80))
    two = blind.blind_detection(wide[cut], invvar[cut], fwhm, PIXEL)[0]
    np.testing.assert_array_equal(one, two)
    assert blind.search_size(96, PIXEL) == blind.search_size(64, PIXEL) == 48
    assert blind.search_size(101, PIXEL) == 49
    assert blind.search_size(32, PIXEL) == 32


def test_bad_pixels_do_not_count_whatever_they_hold():
    stamps = (galaxy() + arc(1.0) + noise(3, 7)).astype(np.float32)
    invvar = np.array(np.broadcast_to((SIGMA**-2.0)[:, None, None], stamps.shape), np.float32)
    invvar[:, 1, 20:24, 20:44] = 0
    clean, _ = detect(stamps, invvar=invvar)
    spoilt = stamps.copy()
    spoilt[:, 1, 20:24, 20:44] = np.nan
    np.testing.assert_array_equal(detect(spoilt, invvar=invvar)[0], clean)
    controls = galaxy() + noise(200, 8)
    holed = np.broadcast_to(invvar[:1], controls.shape)
    whole_snr, holed_snr = detect(controls)[0], detect(controls, invvar=holed)[0]
    # A hole must not look like an arc.
    assert np.median(holed_snr) < np.median(whole_snr) + 0.5


@pytest.mark.parametrize("spoil", ["half", "core", "one_band"])
def test_what_cannot_be_measured_is_nan(spoil):
    stamps = (galaxy() + noise(1, 9)).astype(np.float32)
    invvar = np.array(np.broadcast_to((SIGMA**-2.0)[:, None, None], stamps.shape), np.float32)
    if spoil == "half":
        invvar[:, 0, :, :36] = 0
    if spoil == "core":
        invvar[:, 0, 26:38, 26:38] = 0
    if spoil == "one_band":
        stamps, invvar = stamps[:, :1], invvar[:, :1]
    found = blind.blind_detection(stamps, invvar, np.full(stamps.shape[:2], 1.3), PIXEL)
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("shape", "psf_shape", "scale"),
    [((1, 2, 8, 9), (1, 2), 0.3), ((2, 8, 8), (1, 2), 0.3), ((1, 2, 8, 8), (2,), 0.3), ((1, 2, 8, 8), (1, 2), 0.0)],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(shape, psf_shape, scale):
    with pytest.raises(ValueError, match="must"):
        blind.blind_detection(np.ones(shape), np.ones(shape), np.ones(psf_shape), scale)
