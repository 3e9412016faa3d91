"""Mistakes that earlier injection pipelines recorded, where the kernels could make them too.

The numbers are those of the pipelines' own notes; bugs of training,
splits and scripts (10, 11, 13 to 15) have no place in the kernels.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.support.batches import SETTINGS, make_batch
from tests.support.kernels_systems import random_system
from udfs.batch.inject import inject_batch
from udfs.light import psf
from udfs.reference import sie
from udfs.reference.render import render_lensed_sersic

POISSON = replace(SETTINGS, is_poisson=True)


def metrics(*batch):
    return pl.from_arrow(inject_batch(*batch).metrics)


def test_bug_01_lensed_image_is_not_normalised_to_the_unlensed_flux():
    tasks, pixels = make_batch(10, src_r_mag=22.5, src_n=1.0)
    rows = metrics(tasks, pixels, SETTINGS).filter(pl.col("stamp_size") == 48)
    assert (rows["total_injected_flux_r_nmgy"] > 1.5).all()
    ratio = rows["total_injected_flux_r_nmgy"] / (rows["magnification"] * rows["stamp_flux_frac"])
    assert ratio.to_list() == pytest.approx([1.0] * 10)


@pytest.mark.parametrize("scale", [0.1, 0.262, 0.4])
def test_bug_02_pixel_values_are_flux_per_pixel_whatever_the_pixel(scale):
    """Brightness per square arcsec taken for flux per pixel would be off by 1 / 0.0686."""
    system = random_system(
        np.random.default_rng(0), size=101, theta_e_arcsec=0.0, shear_g1=0.0, shear_g2=0.0,
        src_n=0.5, src_x_arcsec=0.0, src_y_arcsec=0.0, src_reff_arcsec=0.4,
        pixel_scale_arcsec=scale, lens_x_pix=50.0, lens_y_pix=50.0,
    )  # fmt: skip
    assert render_lensed_sersic(**system).sum() == pytest.approx(1, rel=1e-6)


def test_bug_03_convolution_does_not_move_the_arc():
    """An `ifftshift` of the padded array moved it by 23 pixels: (32, 40) to (9, 17)."""
    image = np.zeros((64, 64))
    image[40, 32] = 1
    for profile in ("gaussian", "moffat"):
        seen = psf.convolve(image, 4.5, profile)
        assert np.unravel_index(seen.argmax(), seen.shape) == (40, 32)
    offset = np.arange(21) - 10
    drawn = np.exp(-0.5 * (offset[:, None] ** 2 + offset**2) / 4)
    seen = psf.convolve_with_image(image, drawn)
    assert np.unravel_index(seen.argmax(), seen.shape) == (40, 32)


def test_bug_04_pixels_without_arc_get_no_noise():
    tasks, pixels = make_batch(4, src_reff_arcsec=0.1, src_n=1.0)
    clean, noisy = inject_batch(tasks, pixels, SETTINGS), inject_batch(tasks, pixels, POISSON)
    dark = clean.stamps[48] == pixels.image
    assert dark.mean() > 0.05
    assert np.array_equal(noisy.stamps[48][dark], pixels.image[dark])


def test_bug_05_noise_comes_from_no_global_generator():
    tasks, pixels = make_batch(2)
    np.random.seed(1)  # noqa: NPY002
    first = inject_batch(tasks, pixels, POISSON)
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(first.stamps[48], inject_batch(tasks, pixels, POISSON).stamps[48])


def test_bug_06_compact_sources_keep_their_flux():
    """One sample per pixel is off by 46 % at R_e = 0.15 arcsec."""
    rng = np.random.default_rng(6)
    for _ in range(5):
        system = random_system(rng, theta_e_arcsec=0.0, shear_g1=0.0, shear_g2=0.0,
                               src_reff_arcsec=0.15, src_n=1.0)  # fmt: skip
        assert render_lensed_sersic(**system).sum() == pytest.approx(1, rel=1e-5)


def test_bug_08_colours_are_used_as_observed():
    tasks, pixels = make_batch(3, src_gr=1.15, src_rz=0.4, src_r_mag=21.0)
    rows = metrics(tasks, replace(pixels, psf_fwhm_arcsec=np.full((3, 3), 1.2)), SETTINGS)
    g, r, z = (rows[f"total_injected_flux_{band}_nmgy"].to_numpy() for band in "grz")
    assert -2.5 * np.log10(g / r) == pytest.approx([1.15] * 6, abs=1e-5)
    assert -2.5 * np.log10(r / z) == pytest.approx([0.4] * 6, abs=1e-5)


def test_bug_09_kernel_larger_than_the_stamp_is_refused():
    with pytest.raises(ValueError, match="larger than image"):
        psf.convolve(np.ones((32, 32)), 10.0)
    tasks, pixels = make_batch(1)
    pixels.psf_fwhm_arcsec[0, 0] = 4.5
    rows = metrics(tasks, pixels, SETTINGS)
    assert rows["reason_code"].to_list() == ["psf_kernel_larger_than_stamp"] * 2


def test_bug_12_controls_run_beside_injections():
    """Variables defined only for theta_E above 0 broke controls."""
    tasks, pixels = make_batch(4, is_control=[True, False, True, False])
    injected = inject_batch(tasks, pixels, POISSON)
    is_host = [np.array_equal(injected.stamps[48][k], pixels.image[k]) for k in range(4)]
    assert is_host == [True, False, True, False]


def test_bug_17_no_arc_is_null_and_not_a_signal_to_noise_of_zero():
    tasks, pixels = make_batch(2, is_control=[True, False])
    rows = metrics(tasks, pixels, SETTINGS)
    assert rows["arc_snr"].is_null().to_list() == [True, True, False, False]
    assert (rows["arc_snr"].drop_nulls() > 0).all()


def test_defect_a_einstein_radius_is_that_of_the_area():
    """Without sqrt(q) the Einstein radius is too large by 20 % at q = 0.7."""
    angle = np.linspace(0, 2 * np.pi, 20001)[:-1]
    radius = 2 * sie.convergence(np.cos(angle), np.sin(angle), 1.0, 0.7, 0.0)
    assert np.sqrt(np.mean(radius**2)) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("size", [64, 65])
def test_defect_b_and_c_lens_is_at_its_own_position_in_odd_and_even_stamps(size):
    """Half-pixel offsets and lenses at the stamp's centre instead of the galaxy's."""
    x, y = size / 2 - 0.83, size / 2 + 0.21
    system = random_system(
        np.random.default_rng(0), size=size, lens_q=1.0, shear_g1=0.0, shear_g2=0.0, src_q=1.0,
        src_x_arcsec=0.0, src_y_arcsec=0.0, src_n=1.0, src_reff_arcsec=0.3, theta_e_arcsec=1.0,
        lens_x_pix=x, lens_y_pix=y,
    )  # fmt: skip
    ring = render_lensed_sersic(**system)
    rows, columns = np.indices(ring.shape)
    assert (ring * columns).sum() / ring.sum() == pytest.approx(x, abs=1e-3)
    assert (ring * rows).sum() / ring.sum() == pytest.approx(y, abs=1e-3)


def test_defect_f_half_of_the_light_is_within_the_half_light_radius():
    """b = 2n - 1/3 puts 0.4866 of the light within R_e at n = 0.5."""
    system = random_system(
        np.random.default_rng(0), size=201, theta_e_arcsec=0.0, shear_g1=0.0, shear_g2=0.0,
        src_x_arcsec=0.0, src_y_arcsec=0.0, src_n=0.5, src_q=1.0, src_reff_arcsec=10.0,
        lens_x_pix=100.0, lens_y_pix=100.0,
    )  # fmt: skip
    rows, columns = np.indices((201, 201))
    inside = np.hypot(rows - 100, columns - 100) * 0.262 < 10.0
    light = render_lensed_sersic(**system)
    assert light[inside].sum() == pytest.approx(0.5, abs=2e-3)  # pixels on the edge count whole
