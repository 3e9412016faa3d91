"""Masks of a pixel brick: a bright star's, and the troubles that are patches of bits."""

from dataclasses import dataclass

import numpy as np

from ingest.mock.brick_grid import Brick
from ingest.mock.draws import uniform
from ingest.mock.exposures import BRICK_PIXELS, Window

# Bits of the maskbits image (legacysurvey.org/dr10/bitmasks).
MASK_BITS = {
    "NPRIMARY": 0, "BRIGHT": 1, "SATUR_G": 2, "SATUR_R": 3, "SATUR_Z": 4, "ALLMASK_G": 5,
    "ALLMASK_R": 6, "ALLMASK_Z": 7, "WISEM1": 8, "WISEM2": 9, "BAILOUT": 10, "MEDIUM": 11,
    "GALAXY": 12, "CLUSTER": 13, "SATUR_I": 14, "ALLMASK_I": 15, "SUB_BLOB": 16,
}  # fmt: skip
WISE_BITS = 8  # of each WISE mask
STAR_RADIUS_PIXELS = {"SATUR": 9, "BRIGHT": 45, "MEDIUM": 75, "WISEM1": 60, "WISEM2": 50}
PATCH_PIXELS = 34  # side of a patch of the brick that shows every bit


@dataclass(frozen=True)
class Masks:
    """Masks in the window of a pixel brick."""

    bits: np.ndarray  # (ny, nx) int32, as in the maskbits image but for ALLMASK_g, r, z
    saturated: np.ndarray  # (ny, nx) bool
    wise: tuple[np.ndarray, np.ndarray]  # (ny, nx) uint8 for W1, W2


def bit(name: str) -> int:
    """Value of a bit of the maskbits image."""
    return 1 << MASK_BITS[name]


def star_masks(box: Window, key: str) -> Masks:
    """The masks of one bright star, at a place of the window that the brick's name draws."""
    x = uniform(key, "star x", 0.3, 0.7) * box.nx
    y = uniform(key, "star y", 0.3, 0.7) * box.ny
    distance = np.hypot(np.arange(box.nx)[None, :] - x, np.arange(box.ny)[:, None] - y)
    inside = {name: distance < radius for name, radius in STAR_RADIUS_PIXELS.items()}
    bleed = (np.abs(np.arange(box.nx)[None, :] - x) < 1.5) & (
        distance < STAR_RADIUS_PIXELS["BRIGHT"]
    )
    saturated = inside.pop("SATUR") | bleed
    bits = np.zeros((box.ny, box.nx), np.int32)
    for name, where in inside.items():
        bits[where] |= bit(name)
    for band in "GRZ":
        bits[saturated] |= bit(f"SATUR_{band}")
    wise = tuple(
        np.where(inside[name], 0b100001, 0).astype(np.uint8) for name in ("WISEM1", "WISEM2")
    )
    return Masks(bits=bits, saturated=saturated, wise=(wise[0], wise[1]))


def star_position(box: Window, key: str) -> tuple[float, float]:
    """Where the bright star is, pixels of the brick."""
    x = uniform(key, "star x", 0.3, 0.7) * box.nx
    y = uniform(key, "star y", 0.3, 0.7) * box.ny
    return box.x0 + x, box.y0 + y


def add_patches(masks: Masks, places: list[tuple[int, int]]) -> None:
    """Give each place of the window (x, y) a square patch of one bit, in the order of the bits.

    The WISE masks get one bit each as well.
    """
    for value, (x, y) in enumerate(places):
        patch = patch_slices(x, y)
        masks.bits[patch] |= np.int32(1 << value)
        if value < WISE_BITS:
            masks.wise[0][patch] |= np.uint8(1 << value)
            masks.wise[1][patch] |= np.uint8(1 << value)


def patch_slices(x: int, y: int) -> tuple[slice, slice]:
    """A square patch centred on a pixel, y first."""
    half = PATCH_PIXELS // 2
    return slice(max(y - half, 0), y + half), slice(max(x - half, 0), x + half)


def outside_brick(brick: Brick, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Whether positions are outside the brick's own box: where NPRIMARY is set."""
    d_ra = (ra - brick.ra + 180) % 360 - 180
    half = (brick.ra2 - brick.ra1) / 2
    return (d_ra < -half) | (d_ra >= half) | (dec < brick.dec1) | (dec >= brick.dec2)


def whole_brick(part: np.ndarray, box: Window) -> np.ndarray:
    """A window's array in a brick that is zero elsewhere. Returns (3600, 3600)."""
    whole = np.zeros((BRICK_PIXELS, BRICK_PIXELS), part.dtype)
    whole[box.slices] = part
    return whole
