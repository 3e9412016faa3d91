"""The gnomonic projection of a brick: sky to pixel and back.

And angles on the sky.

A brick's header is a plain TAN with a CD matrix (FITS WCS paper II, Calabretta & Greisen 2002,
section 5.1.3), so that a few lines take the place of a general library for every galaxy. Products are
written out: the last digit of a matrix product or of `solve` depends on how many points there are.
Pixels are counted from 0 at the centre of the first pixel.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pixels.cards import CardValue, FitsError

REQUIRED_CARDS = (
    "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD1_2", "CD2_1", "CD2_2",
)  # fmt: skip


@dataclass(frozen=True)
class BrickWcs:
    """World coordinates of a brick.

    Parameters
    ----------
    ra_deg, dec_deg : float, degree
        Tangent point.
    x_pix, y_pix : float, pixel
        Its place, counted from 0.
    cd_deg : (2, 2) float, degree / pixel
        East and north per column and row.
    """

    ra_deg: float
    dec_deg: float
    x_pix: float
    y_pix: float
    cd_deg: np.ndarray


def wcs_from_cards(cards: Mapping[str, CardValue]) -> BrickWcs:
    """Read the world coordinates that a header states.

    Raises
    ------
    FitsError
        ``bad_header`` when a card is missing, or the projection is not TAN.
    """
    if (cards.get("CTYPE1"), cards.get("CTYPE2")) != ("RA---TAN", "DEC--TAN"):
        raise FitsError("bad_header", f"projection {cards.get('CTYPE1')}, {cards.get('CTYPE2')}")
    values = [cards.get(keyword) for keyword in REQUIRED_CARDS]
    if not all(isinstance(value, (int, float)) and np.isfinite(value) for value in values):
        raise FitsError("bad_header", "the cards of the world coordinates are not complete")
    ra, dec, x, y, *cd = (float(value) for value in values)  # type: ignore[arg-type]
    matrix = np.array(cd).reshape(2, 2)
    if np.linalg.det(matrix) == 0:
        raise FitsError("bad_header", f"the CD matrix {cd} has no inverse")
    return BrickWcs(ra, dec, x - 1, y - 1, matrix)


def pixel_from_sky(
    wcs: BrickWcs, ra_deg: np.ndarray, dec_deg: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixel position of points on the sky.

    Parameters
    ----------
    wcs : BrickWcs
    ra_deg, dec_deg : (n,) float, degree

    Returns
    -------
    x_pix, y_pix : (n,) float, pixel
        NaN for points on the far side of the sky.
    """
    d_ra, dec = np.radians(ra_deg - wcs.ra_deg), np.radians(dec_deg)
    sin0, cos0 = np.sin(np.radians(wcs.dec_deg)), np.cos(np.radians(wcs.dec_deg))
    depth = np.sin(dec) * sin0 + np.cos(dec) * cos0 * np.cos(d_ra)
    depth = np.where(depth > 0, depth, np.nan)
    east = np.degrees(np.cos(dec) * np.sin(d_ra) / depth)
    north = np.degrees((np.sin(dec) * cos0 - np.cos(dec) * sin0 * np.cos(d_ra)) / depth)
    (x_east, x_north), (y_east, y_north) = np.linalg.inv(wcs.cd_deg)
    return x_east * east + x_north * north + wcs.x_pix, y_east * east + y_north * north + wcs.y_pix


def sky_from_pixel(
    wcs: BrickWcs, x_pix: np.ndarray, y_pix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sky position of pixels.

    Parameters
    ----------
    wcs : BrickWcs
    x_pix, y_pix : (n,) float, pixel

    Returns
    -------
    ra_deg, dec_deg : (n,) float, degree
        Right ascension in [0, 360).
    """
    dx, dy = x_pix - wcs.x_pix, y_pix - wcs.y_pix
    (east_x, east_y), (north_x, north_y) = wcs.cd_deg
    east, north = np.radians(east_x * dx + east_y * dy), np.radians(north_x * dx + north_y * dy)
    sin0, cos0 = np.sin(np.radians(wcs.dec_deg)), np.cos(np.radians(wcs.dec_deg))
    depth = cos0 - north * sin0
    ra = wcs.ra_deg + np.degrees(np.arctan2(east, depth))
    dec = np.degrees(np.arctan2(sin0 + north * cos0, np.hypot(east, depth)))
    return ra % 360, dec


def position_angle_deg(
    wcs: BrickWcs, x_pix: np.ndarray, y_pix: np.ndarray, phi_rad: np.ndarray
) -> np.ndarray:
    """Return the position angle on the sky of an axis in the pixel frame.

    Parameters
    ----------
    wcs : BrickWcs
    x_pix, y_pix : (n,) float, pixel
        Where; meridians converge, so the angle depends on it.
    phi_rad : (n,) float, radian
        From +x towards +y.

    Returns
    -------
    (n,) float, degree
        East of north, in [0, 180).
    """
    step = 1.0  # pixel either way: the projection is straight over it to 1e-9
    dx, dy = step * np.cos(phi_rad), step * np.sin(phi_rad)
    ra_1, dec_1 = sky_from_pixel(wcs, x_pix - dx, y_pix - dy)
    ra_2, dec_2 = sky_from_pixel(wcs, x_pix + dx, y_pix + dy)
    d_ra = (ra_2 - ra_1 + 180) % 360 - 180
    east = d_ra * np.cos(np.radians((dec_1 + dec_2) / 2))
    return np.degrees(np.arctan2(east, dec_2 - dec_1)) % 180
