"""Where stamps lie, what covers them, and which PSF they get."""

from types import SimpleNamespace

import numpy as np
import pytest

from injection.hosts import covered_fraction, cut_hosts, places, psf_widths
from pixels.cards import FitsError
from pixels.tiles import open_images
from tests.support.coadd_products import write_product
from tests.support.systems import stage_settings

SHAPE = (330, 250)
KERNEL = stage_settings("", stamp_sizes=[63, 64, 96]).kernel


@pytest.fixture
def brick(tmp_path):
    """A small brick: all bands from the same pixels, z without a psfsize map."""
    layers = {}
    for product in ("image", "invvar", "maskbits", "psfsize"):
        path = write_product(tmp_path, product, SHAPE)
        layers[product] = open_images(path)[0]
    return SimpleNamespace(
        image=dict.fromkeys("grz", layers["image"]),
        invvar=dict.fromkeys("grz", layers["invvar"]),
        maskbits=layers["maskbits"],
        psfsize=dict.fromkeys("gr", layers["psfsize"]),
    )


def test_the_galaxy_is_within_half_a_pixel_of_the_stamp_centre_without_bias():
    x = np.linspace(100, 120, 20_001)
    spot = places(x, x, (3600, 3600), KERNEL)
    for size in (63, 64, 96):
        offset = x - (spot.stamp_corners[size][:, 0] + (size - 1) / 2)
        assert np.abs(offset).max() <= 0.5
        assert abs(offset.mean()) < 1e-3


def test_a_stamp_is_inside_only_when_all_of_it_is():
    x = np.array([30.9, 31.0, 31.9, 32.0, 217.0, 217.99, 218.0, 219.0])
    spot = places(x, np.full(8, 160.0), SHAPE, KERNEL)
    first = spot.stamp_corners[64][:, 0]
    np.testing.assert_array_equal(spot.is_inside[64], (first >= 0) & (first + 64 <= 250))
    assert spot.is_inside[64].tolist() == [False] + 5 * [True] + 2 * [False]


@pytest.mark.parametrize("x", [np.nan, 1e30, -1e30, np.inf])
def test_a_position_that_is_nowhere_near_is_outside(x):
    spot = places(np.array([x]), np.array([100.0]), SHAPE, KERNEL)
    assert not any(inside[0] for inside in spot.is_inside.values())


def test_coverage_counts_pixels_with_inverse_variance_above_zero():
    invvar = np.zeros((1, 2, 96, 96), np.float32)
    invvar[0, 0, 16:80, 16:48] = 3
    corner = np.array([[100, 100]])
    fractions = covered_fraction(invvar, corner, corner + 16, 64)
    np.testing.assert_array_equal(fractions, [[0.5, 0]])


def test_negative_inverse_variance_becomes_no_data(brick, monkeypatch):
    monkeypatch.setattr(
        "injection.hosts.cut_squares",
        lambda layer, corners, size: np.full((len(corners), size, size), -1, layer.dtype),
    )
    cut = cut_hosts(brick, np.array([[0, 0]]), KERNEL)
    assert (cut.invvar == 0).all()
    assert (cut.image == -1).all()


def test_a_broken_tile_costs_only_the_hosts_that_touch_it(brick, monkeypatch):
    from injection import hosts  # noqa: PLC0415

    original = hosts.cut_squares

    def broken_at_origin(layer, corners, size):
        if (corners == 0).all(axis=1).any():
            raise FitsError("bad_tile", "tile 0")
        return original(layer, corners, size)

    monkeypatch.setattr(hosts, "cut_squares", broken_at_origin)
    corners = np.array([[100, 100], [0, 0]])
    cut = cut_hosts(brick, corners, KERNEL)
    assert cut.failures[0] is None
    assert cut.failures[1].reason_code == "bad_tile"
    np.testing.assert_array_equal(cut.image[0, 0], original(brick.image["g"], corners[:1], 96)[0])


def test_psf_comes_from_the_map_then_the_task_then_the_detection_band(brick):
    spot = places(np.array([50.0, 200.0, 50.0]), np.full(3, 160.0), SHAPE, KERNEL)
    from_tasks = np.array([[9.0, 9.0, 1.05], [9.0, 9.0, np.nan], [9.0, 9.0, 0.0]])
    widths, sources = psf_widths(brick, spot, from_tasks, KERNEL)
    left, right = 1.4, np.float32(1.1234567)
    np.testing.assert_allclose(widths[:, :2], [[left] * 2, [right] * 2, [left] * 2], rtol=1e-7)
    assert widths[:, 2].tolist() == [1.05, widths[1, 1], widths[2, 1]]
    assert sources[:, :2].tolist() == 3 * [["map", "map"]]
    assert sources[:, 2].tolist() == ["manifest", "fallback", "fallback"]


def test_without_any_width_there_is_none(brick):
    brick.psfsize = {}
    spot = places(np.array([50.0]), np.array([160.0]), SHAPE, KERNEL)
    widths, sources = psf_widths(brick, spot, np.array([[1.2, 7.0, np.nan]]), KERNEL)
    assert widths[0, 0] == 1.2
    assert np.isnan(widths[0, 1:]).all()
    assert sources.tolist() == [["manifest", None, None]]
