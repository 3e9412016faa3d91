"""World coordinates of a brick's images.

Tangential about the brick's centre, 0.262 arcsec a pixel, north up.
"""

import numpy as np
from astropy.wcs import WCS

from ingest.embedded.brick_grid import Brick
from ingest.embedded.exposures import BRICK_PIXELS

CD_DEG = 7.27777777777778e-05
REFERENCE_PIXEL = 1800.5
STEP_DEG = 1.0 / 3600
N_EDGE_POINTS = 50


def brick_wcs(brick: Brick) -> WCS:
    """Return the WCS of every coadd image of a brick."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [brick.ra, brick.dec]
    wcs.wcs.crpix = [REFERENCE_PIXEL, REFERENCE_PIXEL]
    wcs.wcs.cd = [[-CD_DEG, 0.0], [0.0, CD_DEG]]
    wcs.wcs.set()
    return wcs


def sky_position(brick: Brick, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return RA in [0, 360) and Dec in degrees of pixels counted from 0.

    Parameters
    ----------
    brick : Brick
    x : (n,) float, pixel from 0
    y : (n,) float, pixel from 0

    Returns
    -------
    ra, dec : (n,) float, degree
    """
    ra, dec = brick_wcs(brick).all_pix2world(x, y, 0)
    return ra % 360, dec


def pixel_angle(brick: Brick, x: np.ndarray, y: np.ndarray, pa: np.ndarray) -> np.ndarray:
    """Return the pixel-frame angle of a position angle east of north.

    The WCS gives it at the place itself, since the direction of north varies over a brick.

    Parameters
    ----------
    brick : Brick
    x, y : (n,) float, pixel from 0
    pa : (n,) float, radian

    Returns
    -------
    (n,) float, radian
    """
    ra, dec = sky_position(brick, x, y)
    to_ra = ra + STEP_DEG * np.sin(pa) / np.cos(np.radians(dec))
    x_to, y_to = brick_wcs(brick).all_world2pix(to_ra, dec + STEP_DEG * np.cos(pa), 0)
    return np.arctan2(y_to - y, x_to - x)


def primary_pixels(brick: Brick) -> np.ndarray:
    """Tell which pixel centres are in the brick's own box of RA and Dec.

    The box's edges are nearly straight in pixels: each is interpolated between exact points.

    Parameters
    ----------
    brick : Brick

    Returns
    -------
    (3600, 3600) bool
    """
    wcs, index = brick_wcs(brick), np.arange(BRICK_PIXELS)
    dec = np.linspace(brick.dec1 - 0.02, brick.dec2 + 0.02, N_EDGE_POINTS)
    width = brick.ra2 - brick.ra1
    ra = np.linspace(brick.ra1 - 0.1 * width, brick.ra2 + 0.1 * width, N_EDGE_POINTS)
    columns = [np.interp(index, *_increasing(wcs.all_world2pix(edge + 0 * dec, dec, 0)[::-1]))
               for edge in (brick.ra1, brick.ra2)]  # fmt: skip
    rows = [np.interp(index, *_increasing(wcs.all_world2pix(ra, edge + 0 * ra, 0)))
            for edge in (brick.dec1, brick.dec2)]  # fmt: skip
    in_ra = (index[None, :] <= columns[0][:, None]) & (index[None, :] > columns[1][:, None])
    in_dec = (index[:, None] >= rows[0][None, :]) & (index[:, None] < rows[1][None, :])
    return in_ra & in_dec


def _increasing(pair: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return both arrays in the order of the first."""
    order = np.argsort(pair[0])
    return pair[0][order], pair[1][order]
