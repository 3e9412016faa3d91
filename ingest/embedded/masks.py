"""Masks of a pixel brick: those of a bright star, and patches of bits."""

from dataclasses import dataclass

import numpy as np

from ingest.embedded.draws import uniform
from ingest.embedded.exposures import BRICK_PIXELS, Window

# Bits of the maskbits image (legacysurvey.org/dr10/bitmasks).
MASK_BITS = {
    "NPRIMARY": 0, "BRIGHT": 1, "SATUR_G": 2, "SATUR_R": 3, "SATUR_Z": 4, "ALLMASK_G": 5,
    "ALLMASK_R": 6, "ALLMASK_Z": 7, "WISEM1": 8, "WISEM2": 9, "BAILOUT": 10, "MEDIUM": 11,
    "GALAXY": 12, "CLUSTER": 13, "SATUR_I": 14, "ALLMASK_I": 15, "SUB_BLOB": 16,
}  # fmt: skip
N_WISE_BITS = 8
WISE_BRIGHT, WISE_HALO = 1 << 0, 1 << 5
STAR_RADIUS_PIXELS = {"SATUR": 9, "BRIGHT": 45, "MEDIUM": 75, "WISEM1": 60, "WISEM2": 50}
PATCH_PIXELS = 34  # side of a patch of the brick that shows every bit


@dataclass(frozen=True)
class Masks:
    """Masks in the window of a pixel brick."""

    bits: np.ndarray  # (ny, nx) int32, as in the maskbits image but for ALLMASK_g, r, z
    saturated: np.ndarray  # (ny, nx) bool
    wise: tuple[np.ndarray, np.ndarray]  # (ny, nx) uint8 for W1, W2
    star_distance: np.ndarray  # (ny, nx) float, pixels, of the bright star


def bit(name: str) -> int:
    """Return the value of a bit of the maskbits image."""
    return 1 << MASK_BITS[name]


def star_masks(box: Window, key: str) -> Masks:
    """Return the masks of one bright star in the window."""
    x, y = star_place(box, key)
    dx, dy = np.arange(box.nx)[None, :] - x, np.arange(box.ny)[:, None] - y
    distance = np.hypot(dx, dy)
    inside = {name: distance < radius for name, radius in STAR_RADIUS_PIXELS.items()}
    bleed_trail = (np.abs(dx) < 1.5) & inside["BRIGHT"]
    saturated = inside.pop("SATUR") | bleed_trail
    bits = np.zeros((box.ny, box.nx), np.int32)
    for name, where in inside.items():
        bits[where] |= bit(name)
    for band in "GRZ":
        bits[saturated] |= bit(f"SATUR_{band}")
    wise = [
        np.where(inside[name], WISE_BRIGHT | WISE_HALO, 0).astype(np.uint8)
        for name in ("WISEM1", "WISEM2")
    ]
    return Masks(bits, saturated, (wise[0], wise[1]), distance)


def star_place(box: Window, key: str) -> tuple[float, float]:
    """Return the place of the bright star in the window, x and y."""
    return uniform(key, "star x", 0.3, 0.7) * box.nx, uniform(key, "star y", 0.3, 0.7) * box.ny


def add_patches(masks: Masks, places: list[tuple[int, int]]) -> None:
    """Give each place of the window a square patch of one mask bit.

    The WISE masks get one bit each as well.
    """
    for value, (x, y) in enumerate(places):
        patch = patch_slices(x, y)
        masks.bits[patch] |= np.int32(1 << value)
        if value < N_WISE_BITS:
            masks.wise[0][patch] |= np.uint8(1 << value)
            masks.wise[1][patch] |= np.uint8(1 << value)


def patch_slices(x: int, y: int) -> tuple[slice, slice]:
    """Return a square patch centred on a pixel, y first."""
    half = PATCH_PIXELS // 2
    return slice(max(y - half, 0), y + half), slice(max(x - half, 0), x + half)


def whole_brick(part: np.ndarray, box: Window) -> np.ndarray:
    """Return a window's array in a brick of zeros, (3600, 3600).

    Parameters
    ----------
    part : (ny, nx) array
    box : Window

    Returns
    -------
    (3600, 3600) array
    """
    whole = np.zeros((BRICK_PIXELS, BRICK_PIXELS), part.dtype)
    whole[box.slices] = part
    return whole
