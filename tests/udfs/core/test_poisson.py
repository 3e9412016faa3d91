"""Photon noise against scipy's Poisson law, and the vector form against the plain one."""

import numpy as np
import pytest
from scipy import stats

from udfs.core import poisson as core_poisson
from udfs.light.noise import noise_key
from udfs.reference import poisson

KEY = np.uint64(noise_key(13, "render"))


@pytest.mark.parametrize("mean", [0.01, 0.7, 5.0, 11.99])
def test_summed_quantile_is_scipys(mean):
    p = np.random.default_rng(1).uniform(1e-6, 1 - 1e-6, 500)
    counts = [poisson.poisson_quantile(mean, value) for value in p]
    assert np.array_equal(counts, stats.poisson.ppf(p, mean))


@pytest.mark.parametrize("mean", [12.0, 30.0, 1000.0, 1e6])
def test_expanded_quantile_is_within_one_count_of_scipys(mean):
    p = np.random.default_rng(1).uniform(1e-6, 1 - 1e-6, 2000)
    counts = np.array([poisson.poisson_quantile(mean, value) for value in p])
    difference = np.abs(counts - stats.poisson.ppf(p, mean))
    assert difference.max() <= 1
    assert difference.mean() < 0.01


def test_normal_quantile_is_scipys():
    p = np.concatenate([np.geomspace(1e-7, 0.5, 300), 1 - np.geomspace(1e-7, 0.5, 300)])
    plain = np.array([poisson.normal_quantile(value) for value in p])
    assert np.max(np.abs(plain - stats.norm.ppf(p))) < 1e-9
    inside = p[(p > 1e-6) & (p < 1 - 1e-6)].astype(np.float32)
    fast = np.array([core_poisson.normal_quantile(value) for value in inside])
    # float32 spaces the numbers near 1 by 6e-8, which is 0.012 of the quantile at 4.8 sigma
    assert np.max(np.abs(fast - stats.norm.ppf(inside.astype(float)))) < 2e-3


def fast_noise(flux, gain, place):
    out = np.zeros_like(flux)
    core_poisson.add_noise(flux, gain, place, KEY, core_poisson.make_draws(96), out)
    return out


@pytest.mark.parametrize("place", [(0, 0, 0), (-5, 3, 2), (1803, 3501, 1)])
def test_vector_form_draws_the_same_photons_as_the_plain_one(place):
    """Counts differ by one in a few pixels in 10,000, where rounding decides."""
    flux = np.geomspace(1e-8, 1, 40 * 41).reshape(40, 41).astype(np.float32)
    plain = poisson.photon_noise(flux, 4000.0, *place, KEY)
    differing = np.abs(fast_noise(flux, 4000.0, place) - plain) * 4000
    assert np.mean(differing > 0.5) < 2e-3
    assert differing.max() < 1.01


@pytest.mark.parametrize("electrons", [0.05, 2.0, 11.0, 40.0, 3000.0])
def test_noise_has_the_variance_of_its_photons_and_no_bias(electrons):
    gain = 5000.0
    flux = np.full((90, 90), electrons / gain, np.float32)
    noise = np.concatenate([fast_noise(flux, gain, (0, 90 * k, 0)).ravel() for k in range(5)])
    n, variance = noise.size, electrons / gain**2
    assert abs(noise.mean()) < 4.5 * np.sqrt(variance / n)
    # the variance of the sample variance, with the Poisson law's kurtosis of 1 / mean
    spread = variance * np.sqrt((2 + 1 / electrons) / n)
    assert abs(noise.var() - variance) < 4.5 * spread


def test_counts_follow_the_poisson_law():
    flux = np.full((96, 96), 3.3 / 4000, np.float32)
    counts = np.rint(fast_noise(flux, 4000.0, (0, 0, 0)) * 4000 + 3.3).astype(int)
    observed = np.bincount(counts.ravel(), minlength=14)[:13]
    expected = stats.poisson.pmf(np.arange(13), 3.3) * counts.size
    assert stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-4


def test_noise_is_the_same_for_the_same_pixel_of_the_brick_in_any_cutout():
    flux = np.random.default_rng(2).uniform(0, 0.01, (30, 30)).astype(np.float32)
    whole = fast_noise(flux, 4000.0, (100, 200, 1))
    part = fast_noise(np.ascontiguousarray(flux[4:, 7:20]), 4000.0, (107, 204, 1))
    assert np.array_equal(part, whole[4:, 7:20])


def test_variance_of_the_arc_is_added_to_that_of_the_pixel():
    lowered = poisson.lowered_invvar(np.array([400.0, 0.0, 400.0]), np.array([0.5, 0.5, 0.0]), 4e3)
    assert lowered == pytest.approx([1 / (1 / 400 + 0.5 / 4000), 0.0, 400.0])
