"""The survey's division of the sky into bricks.

As in desiutil.brick and on legacysurvey.org/dr10/files.

Rows of 0.25 degree centred on multiples of 0.25 degree in declination; in each row an even number
of columns, so that no brick is wider than 0.25 degree on the sky; one brick at each pole.
BRICKID counts from 1, row by row from the south pole.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

BRICK_SIZE_DEG = 0.25
N_ROWS = 721


@dataclass(frozen=True)
class Brick:
    """One brick: its id, name, and limits in degrees."""

    brickid: int
    name: str
    row: int
    column: int
    ra: float
    dec: float
    ra1: float
    ra2: float
    dec1: float
    dec2: float

    @property
    def area_deg2(self) -> float:
        """Return the area on the sphere, square degrees."""
        sines = np.sin(np.radians([self.dec1, self.dec2]))
        return float((self.ra2 - self.ra1) * np.degrees(sines[1] - sines[0]))


@cache
def columns_per_row() -> np.ndarray:
    """Return the number of bricks in each row, south to north.

    Returns
    -------
    (721,) int
    """
    centres = -90 + BRICK_SIZE_DEG * np.arange(N_ROWS)
    nearest_equator = np.maximum(np.abs(centres) - BRICK_SIZE_DEG / 2, 0)
    width = 360 / BRICK_SIZE_DEG * np.cos(np.radians(nearest_equator))
    columns = 2 * np.ceil(width / 2).astype(int)
    columns[[0, -1]] = 1
    return columns


@cache
def first_ids() -> np.ndarray:
    """Return the BRICKID of the first brick of each row.

    Returns
    -------
    (721,) int
    """
    return 1 + np.concatenate([[0], np.cumsum(columns_per_row())[:-1]])


def brick(row: int, column: int) -> Brick:
    """Return the brick in a row (0 at the south pole) and column (0 at RA 0)."""
    n_columns = int(columns_per_row()[row])
    width = 360 / n_columns
    dec = -90 + BRICK_SIZE_DEG * row
    ra = (column + 0.5) * width
    half = BRICK_SIZE_DEG / 2
    return Brick(
        brickid=int(first_ids()[row]) + column,
        name=brick_name(ra, dec),
        row=row,
        column=column,
        ra=ra,
        dec=dec,
        ra1=column * width,
        ra2=(column + 1) * width,
        dec1=max(dec - half, -90.0),
        dec2=min(dec + half, 90.0),
    )


def brick_name(ra: float, dec: float) -> str:
    """Return a brick's name: its centre cut at 0.1 degree, as the survey does."""
    sign = "p" if dec >= 0 else "m"
    return f"{round(ra * 1e4):07d}"[:4] + sign + f"{round(abs(dec) * 1e4):06d}"[:3]


def brick_at(ra: float, dec: float) -> Brick:
    """Return the brick that holds a position in degrees."""
    row = int(np.floor((dec + 90 + BRICK_SIZE_DEG / 2) / BRICK_SIZE_DEG))
    return brick(row, int(np.floor((ra % 360) * columns_per_row()[row] / 360)))


def bricks_around(ra: float, dec: float, radius_deg: float) -> list[Brick]:
    """Return the bricks with centres near a position, ordered by BRICKID."""
    rows = np.arange(N_ROWS)
    near = rows[np.abs(-90 + BRICK_SIZE_DEG * rows - dec) <= radius_deg]
    return [found for row in near for found in _row_around(int(row), ra, dec, radius_deg)]


def _row_around(row: int, ra: float, dec: float, radius_deg: float) -> list[Brick]:
    """Return the bricks of one row that are near a position."""
    n_columns = int(columns_per_row()[row])
    ra_centres = (np.arange(n_columns) + 0.5) * 360 / n_columns
    row_dec = -90 + BRICK_SIZE_DEG * row
    d_ra = (ra_centres - ra + 180) % 360 - 180
    distance = np.hypot(d_ra * np.cos(np.radians(row_dec)), row_dec - dec)
    return [brick(row, int(column)) for column in np.flatnonzero(distance <= radius_deg)]
