"""Every trick of the batch path against a plain version of the same thing."""

import numpy as np
import pytest

from tests.support.kernels_systems import PIXEL, parameter_row, prior_system, random_system
from udfs.core import math as core_math
from udfs.core import render as core_render
from udfs.core import sie as core_sie
from udfs.core.loop import count_pixels, measure
from udfs.core.moments import fill_smooth, make_moments, share
from udfs.core.profile import exponents, source_offset
from udfs.core.samples import correct_midpoints, fill_grid
from udfs.core.system import PARAMETERS, pack, power_mode
from udfs.jit import padded_length, whole_vectors
from udfs.light.sersic import central_brightness
from udfs.reference import render, sie
from udfs.reference.metrics import good_pixels, matched_snr, peak_snr


def test_systems_of_the_prior_keep_to_its_ranges():
    """What the benchmark compares on; the ranges are those of seeds/manifests/priors.csv."""
    rng = np.random.default_rng(9)
    systems = [prior_system(rng, 64) for _ in range(100)]
    assert all(0.5 <= s["theta_e_arcsec"] <= 3 and 0.5 <= s["src_n"] <= 4 for s in systems)
    assert all(0.1 <= s["src_reff_arcsec"] <= 0.5 and 0.25 <= s["src_q"] <= 1 for s in systems)
    assert all(np.hypot(s["shear_g1"], s["shear_g2"]) <= 0.1 for s in systems)
    offsets = [
        np.hypot(s["src_x_arcsec"], s["src_y_arcsec"]) / s["theta_e_arcsec"] for s in systems
    ]
    assert 0.5 < max(offsets) <= 0.8


def test_exponential_is_numpys_to_single_precision():
    y = np.linspace(-100, 126.9, 4001).astype(np.float32)
    fast = np.array([core_math.exp2(value) for value in y], float)
    assert np.max(np.abs(fast / np.exp2(y.astype(float)) - 1)) < 3e-7
    assert core_math.exp2(np.float32(-1e30)) == pytest.approx(0, abs=2e-38)


def test_logarithm_is_numpys_to_single_precision():
    x = np.geomspace(1e-16, 1e8, 4001).astype(np.float32)
    fast = np.array([core_math.log2(value) for value in x], float)
    exact = np.log2(x.astype(float))
    assert np.max(np.abs(fast - exact) - np.abs(exact) * 2.0**-23) < 1e-6


@pytest.mark.parametrize(
    ("q", "error"), [(1.0, 1e-6), (0.9, 1e-6), (0.5, 1e-6), (0.3, 3e-6), (0.2, 2e-5)]
)
def test_polynomial_deflection_costs_less_than_stated(q, error):
    """What the approximation and single precision cost, per arcsec of theta_E."""
    system = random_system(
        np.random.default_rng(1), lens_q=q, lens_phi_rad=0.0, theta_e_arcsec=1.0,
        shear_g1=0.0, shear_g2=0.0, src_x_arcsec=0.0, src_y_arcsec=0.0,
    )  # fmt: skip
    packed = tuple(pack(parameter_row(system)))
    x, y = np.random.default_rng(2).normal(0, 1, (2, 500)).astype(np.float32)
    fast = np.array([source_offset(packed, *point) for point in zip(x, y, strict=True)])
    exact = sie.deflection(x.astype(float), y.astype(float), 1.0, q, 0.0)
    assert np.max(np.abs((np.array([x, y]) - exact).T - fast)) < error


@pytest.mark.parametrize(
    ("q", "error"), [(0.3, 1.3e-6), (0.7, 1e-9), (0.999999, 1e-13), (1, 1e-13)]
)
def test_fitted_coefficients_hold_the_deflection_in_double_precision(q, error):
    """What the nine coefficients cost without rounding, per theta_E."""
    fit = core_sie.fit_deflection(1.0, q)
    angle = np.linspace(0, 2 * np.pi, 721)
    c, s = np.cos(angle), np.sin(angle)
    powers = np.vander(c**2 - 0.5, core_sie.N_COEFFICIENTS, increasing=True)
    exact = sie.deflection(c / np.sqrt(q), s, 1.0, q, 0.0)
    assert np.max(np.abs(c * (powers @ fit[0]) - exact[0])) < error
    assert np.max(np.abs(s * (powers @ fit[1]) - exact[1])) < error


@pytest.mark.parametrize("n", [0.3, 0.5, 1.0, 2.3, 4.0, 8.0])
def test_exponents_are_those_of_the_plain_renderer(n):
    """With and without square roots; in powers of two."""
    system = random_system(np.random.default_rng(3), src_n=n, src_reff_arcsec=0.3)
    row = parameter_row(system)
    plain = render.pack_system(**system)
    points = np.random.default_rng(4).normal(0, 1.5, (2, 256))
    cos, sin = np.cos(system["lens_phi_rad"]), np.sin(system["lens_phi_rad"])
    x, y = points[0] * cos + points[1] * sin, points[1] * cos - points[0] * sin
    fast = np.zeros(256, np.float32)
    packed = tuple(pack(row))
    exponents(packed, power_mode(n), x.astype("f4"), y.astype("f4"), 256, fast)
    exact = [render.exponent(plain, *render.source_offset(plain, *p)) for p in points.T]
    assert np.allclose(fast * np.log(2), exact, rtol=1e-4, atol=1e-4)


def test_laplacian_turns_samples_into_pixel_means():
    """For a polynomial of third degree the five-point correction is exact."""
    axis = np.arange(12.0)
    x, y = np.meshgrid(axis, axis)
    light = 40 + x + 0.5 * x**2 + 0.3 * y**2 + 0.01 * x**3
    mean = light + (1.0 + 0.06 * x) / 24 + 0.6 / 24
    room = np.zeros(padded_length(144) + 40, np.float32)
    room[:144] = light.ravel()
    out = np.zeros_like(room)
    correct_midpoints(room, 12, 144, out)
    inside = out[:144].reshape(12, 12)[1:-1, 1:-1]
    assert np.allclose(inside, mean[1:-1, 1:-1], rtol=1e-6)


def test_laplacian_leaves_a_dark_pixel_beside_a_bright_one_dark():
    room = np.zeros(padded_length(25) + 20, np.float32)
    room[12], room[:12], room[13:25] = 1.0, 1e-30, 1e-30
    out = np.zeros_like(room)
    correct_midpoints(room, 5, 25, out)
    assert out[11] <= 2e-30


def moments_of_points(points, size):
    """Moments of points of light, given by hand."""
    moments = make_moments(size * size + 2 * size + 64)
    for x, y, light in points:
        column, row = round(x), round(y)
        i, dx, dy = row * size + column, x - column, y - row
        for image, value in zip(moments, (1, dx, dy, dx * dx, dy * dy, dx * dy), strict=True):
            image[i] += light * value
    return moments


def test_shared_light_keeps_sum_centroid_and_second_moments():
    """And gets a pixel's variance of 1/12, as an image of integrated pixels has."""
    points = [(6.3, 7.45, 1.0), (7.6, 7.1, 0.4), (5.02, 4.77, 2.0)]
    out = np.zeros(14 * 14 + 28 + 64, np.float32)
    share(moments_of_points(points, 14), 14, 15, 14 * 12, out)
    image = out[: 14 * 14].reshape(14, 14).astype(float)
    rows, columns = np.indices(image.shape)
    x, y, light = np.array(points).T
    total = light.sum()
    assert image.sum() == pytest.approx(total, rel=1e-6)
    assert (image * columns).sum() == pytest.approx((light * x).sum(), rel=1e-6)
    assert (image * rows).sum() == pytest.approx((light * y).sum(), rel=1e-6)
    assert (image * columns**2).sum() == pytest.approx((light * x**2).sum() + total / 12, rel=1e-6)
    assert (image * rows**2).sum() == pytest.approx((light * y**2).sum() + total / 12, rel=1e-6)
    assert (image * rows * columns).sum() == pytest.approx((light * x * y).sum(), rel=1e-6)


def test_sharing_leaves_smooth_light_as_it_is():
    size = 20
    rows, columns = np.indices((size, size))
    smooth = np.exp(-0.5 * ((columns - 9.3) ** 2 + (rows - 10.1) ** 2) / 4.0**2)
    room = np.zeros(size * size + 4 * size + 64, np.float32)
    room[: size * size] = smooth.ravel()
    moments, out = make_moments(len(room)), np.zeros_like(room)
    correct_midpoints(room, size, size * size, moments.mean)
    fill_smooth(room, size, size, size * (size - 2), moments)
    share(moments, size, size + 1, size * (size - 2), out)
    inside = (slice(3, -3), slice(3, -3))
    shared = out[: size * size].reshape(size, size)[inside]
    mean = moments.mean[: size * size].reshape(size, size)[inside]
    assert np.max(np.abs(shared - mean)) < 5e-4  # of fourth order in pixel over width: 1 / 256


@pytest.mark.parametrize(("n", "reff"), [(0.5, 0.5), (1.0, 0.1), (4.0, 0.3)])
def test_light_is_shared_only_in_the_rows_that_need_it(n, reff):
    """As if it were shared everywhere, but for what is of fourth order where the light is smooth."""
    rng = np.random.default_rng(8)
    for _ in range(10):
        system = random_system(rng, size=64, src_n=n, src_reff_arcsec=reff)
        row, box, lens = parameter_row(system), (0, 63, 0, 63), (31.4, 31.7)
        amplitude = float(central_brightness(n, system["src_q"], reff)) * PIXEL**2
        work = core_render.make_work(64)
        low, high = core_render.render_box(row, pack(row), amplitude, box, lens, PIXEL, work)
        assert 0 < low < high < 65
        everywhere, mean = np.zeros_like(work.shared), work.moments.mean.copy()
        for first, last in ((1, low - 2), (high + 3, 65)):
            fill_smooth(work.light, 66, 66 * first, 66 * max(0, last - first), work.moments)
        share(work.moments, 66, 67, 66 * 64 - 2, everywhere)
        core_render._share_near(work, 66, 66, low, high)
        shared, plain, mean = (
            image[: 66 * 66].reshape(66, 66)[1:-1, 1:-1]
            for image in (work.moments.mean, everywhere, mean)
        )
        near = slice(max(0, low - 2), high + 1)  # of the rows within the ring
        assert np.array_equal(shared[near], plain[near])
        assert np.array_equal(np.delete(shared, near, 0), np.delete(mean, near, 0))
        assert np.max(np.abs(shared - plain)) < 1e-4 * plain.max()


@pytest.mark.parametrize("size", [3, 5, 6, 9, 14, 17, 22])
def test_nothing_is_written_beyond_the_room_of_a_small_canvas(size):
    """Rows are worked on in whole vectors, which for the last rows of a small canvas end beyond it."""
    work, beyond = core_render.make_work(size), []

    def guarded(room):
        wide = np.full(len(room) + 512, 7, room.dtype)
        beyond.append(wide[len(room) :])
        return wide[: len(room)]

    moments = type(work.moments)(*map(guarded, work.moments))
    work = work._replace(moments=moments, shared=guarded(work.shared))
    for row in range(1, size + 1):
        core_render._fill_near(work, size + 2, size + 2, row, row)
        core_render._share_near(work, size + 2, size + 2, row, row)
    assert all((values == 7).all() for values in beyond)
    assert (work.shared[size + 3 : 2 * size + 3] != 7).all()


def test_pixels_in_need_are_collected_row_by_row():
    work = core_render.make_work(20)
    size = 22
    need = work.need[: size * size].reshape(size, size)
    need[:] = -1
    need[0], need[:, 0], need[5, 7], need[5, 20], need[9, 3] = 1, 1, 0.5, 2, 3
    work.x[: size * size] = np.arange(size * size)
    assert core_render._collect(work, size, size) == (3, 5, 9)
    expected = [5 * size + 7, 5 * size + 20, 9 * size + 3]
    assert work.tree.cells.owner[:3].tolist() == expected
    assert work.tree.cells.x[:3].tolist() == expected
    need[:] = -1
    n, low, high = core_render._collect(work, size, size)
    assert n == 0
    assert high < low


def test_sums_of_an_arc_are_the_plain_metrics():
    """Of the part of an arc that is on a stamp, the arc standing anywhere in a wider flat array."""
    rng = np.random.default_rng(6)
    invvar = rng.normal(100, 80, (50, 50)).astype("f4")
    invvar[13, 14] = np.nan
    maskbits = rng.choice([0, 1, 2, 8], invvar.shape).astype("i4")
    good = good_pixels(invvar, maskbits, 0b1010)
    corner, room = (4, 7), np.full((30, 48), np.nan, np.float32)
    arc = np.zeros(invvar.shape, np.float32)
    room[:, :41] = arc[7:37, 4:45] = rng.uniform(size=(30, 41))
    mask = (maskbits, np.int32(0b1010))
    for left, right, low, high in ((4, 45, 7, 37), (9, 37, 11, 24), (12, 12, 7, 37), (4, 45, 9, 8)):
        peak = np.full(right - left, np.nan, np.float32)
        square, total = measure(room, corner, invvar, mask, (left, right, low, high), peak)
        window = (slice(low, high), slice(left, right))
        assert total == pytest.approx(arc[window].sum(dtype=float), rel=1e-6)
        if right > left and high > low:
            expected = matched_snr(arc[window], invvar[window], good[window])
            assert np.sqrt(square) == pytest.approx(expected, rel=1e-5)
            expected = peak_snr(arc[window], invvar[window], good[window])
            assert np.sqrt(peak.max()) == pytest.approx(expected, rel=1e-5)
        else:
            assert square == 0
            assert not peak.any()


def test_pixels_are_counted_as_by_numpy():
    rng = np.random.default_rng(7)
    invvar = rng.normal(50, 80, (61, 67)).astype("f4")
    invvar[2, 3] = np.nan
    mask = rng.choice([0, 2, 8, 256, 512 + 2], invvar.shape).astype("i4")
    bad = ~(invvar > 0) | ((mask & 0b1010) != 0)
    wise = (mask & (256 | 512)) != 0
    for x, y, size in ((0, 0, 61), (4, 7, 48)):
        window = (slice(y, y + size), slice(x, x + size))
        expected = (bad[window].sum(), wise[window].sum())
        assert count_pixels(invvar, mask, (x, y, size), (0b1010, 256 | 512)) == expected


def test_grid_of_pixels_is_that_of_the_turned_frame():
    box, lens, phi = (3, 60, 10, 50), (31.7, 30.2), 0.7
    work = core_render.make_work(64)
    fill_grid(work, box, lens, PIXEL, phi)
    y, x = np.mgrid[9:52, 2:62].astype(float)
    x, y = (x - lens[0]) * PIXEL, (y - lens[1]) * PIXEL
    expected = x * np.cos(phi) + y * np.sin(phi), y * np.cos(phi) - x * np.sin(phi)
    found = work.x[: x.size].reshape(x.shape), work.y[: x.size].reshape(x.shape)
    assert np.max(np.abs(np.array(found) - expected)) < 3e-6  # arcsec, at up to 8


def test_parameters_are_named_in_order():
    system = random_system(np.random.default_rng(0))
    assert [system[name] for name in PARAMETERS[:-1]] == list(parameter_row(system)[:-1])


@pytest.mark.parametrize(("n", "rounded"), [(0, 0), (1, 64), (64, 64), (65, 128)])
def test_lists_are_padded_to_whole_vectors(n, rounded):
    assert padded_length(n) == whole_vectors(n) == rounded
