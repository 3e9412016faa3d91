"""The brick's projection against astropy's."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from pixels.cards import FitsError
from pixels.wcs import pixel_from_sky, position_angle_deg, sky_from_pixel, wcs_from_cards

CENTRES = [(0.0, -0.25), (359.97, 12.5), (95.95, 80.5), (180.1, -67.3), (44.0, 32.25)]
CORNERS = np.array([[-0.5, -0.5], [3599.5, -0.5], [0, 3599], [1799.5, 1799.5], [812.3, 2950.75]])


def cards(ra, dec, rotation_deg=0.0):
    """Header cards of a brick; the survey's are not rotated, the code may not rely on it."""
    scale = 0.262 / 3600
    cos, sin = np.cos(np.radians(rotation_deg)), np.sin(np.radians(rotation_deg))
    return {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": ra,
        "CRVAL2": dec,
        "CRPIX1": 1800.5,
        "CRPIX2": 1800.5,
        "CD1_1": -scale * cos,
        "CD1_2": scale * sin,
        "CD2_1": scale * sin,
        "CD2_2": scale * cos,
    }


@pytest.mark.parametrize("rotation_deg", [0.0, 30.0])
@pytest.mark.parametrize(("ra", "dec"), CENTRES)
def test_positions_agree_with_astropy_to_a_millionth_of_a_pixel(ra, dec, rotation_deg):
    stated = cards(ra, dec, rotation_deg)
    reference = WCS(fits.Header(list(stated.items())))
    ours = wcs_from_cards(stated)
    sky = reference.all_pix2world(CORNERS, 0)
    np.testing.assert_allclose(np.transpose(sky_from_pixel(ours, *CORNERS.T)), sky, atol=1e-10)
    pixels = np.transpose(pixel_from_sky(ours, *sky.T))
    np.testing.assert_allclose(pixels, CORNERS, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("ra", "dec"), CENTRES)
def test_position_angles_agree_with_astropy(ra, dec):
    stated = cards(ra, dec)
    reference = WCS(fits.Header(list(stated.items())))
    phi = np.array([0.0, 0.4, 1.2, 2.0, 3.0])
    step = np.stack([np.cos(phi), np.sin(phi)], axis=1)
    here, there = (SkyCoord(*reference.all_pix2world(CORNERS + k * step, 0).T, unit="deg")
                   for k in (0, 1))  # fmt: skip
    expected = here.position_angle(there).deg
    got = position_angle_deg(wcs_from_cards(stated), *CORNERS.T, phi)
    difference = (got - expected + 90) % 180 - 90
    # 0.001 degree moves the end of a lens axis by far less than any pixel; over one pixel the
    # convergence of the meridians is below it.
    np.testing.assert_allclose(difference, 0, atol=1e-3)


def test_north_is_up_and_east_is_left_on_a_brick():
    ours = wcs_from_cards(cards(120.0, 5.0))
    centre = np.array([1799.5])
    assert position_angle_deg(ours, centre, centre, np.array([np.pi / 2]))[0] % 180 < 1e-6
    assert position_angle_deg(ours, centre, centre, np.array([0.0]))[0] == pytest.approx(90)


def test_a_point_on_the_far_side_of_the_sky_has_no_pixel():
    x, y = pixel_from_sky(wcs_from_cards(cards(10.0, 0.0)), np.array([190.0]), np.array([0.0]))
    assert np.isnan([x, y]).all()


@pytest.mark.parametrize(
    "change",
    [{"CTYPE1": "RA---SIN"}, {"CD1_1": 0.0}, {"CRVAL1": "x"}, {"CRPIX2": None}],
)
def test_cards_that_make_no_projection_are_refused(change):
    with pytest.raises(FitsError) as caught:
        wcs_from_cards(cards(10.0, 0.0) | change)
    assert caught.value.reason_code == "bad_header"


def test_a_point_is_where_it_is_whatever_points_are_beside_it():
    """Bit by bit: what is painted may not depend on the batch or on how many workers there are."""
    brick = wcs_from_cards(cards(10.0, 40.0, 20.0))
    x, y = np.random.default_rng(2).uniform(0, 3600, (2, 300))
    sky = sky_from_pixel(brick, x, y)
    pixels, angles = pixel_from_sky(brick, *sky), position_angle_deg(brick, x, y, x)
    for k in range(300):
        own, alone = slice(k, k + 1), (x[k : k + 1], y[k : k + 1])
        assert np.array_equal(np.stack(sky)[:, own], sky_from_pixel(brick, *alone))
        assert np.array_equal(
            np.stack(pixels)[:, own], pixel_from_sky(brick, sky[0][own], sky[1][own])
        )
        assert np.array_equal(angles[own], position_angle_deg(brick, *alone, x[own]))
