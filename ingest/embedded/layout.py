"""Where the embedded survey looks, and which fault is where.

The survey is a set of islands, each the size of one DECam pointing, in the sweep boxes around
RA 0 and two boxes elsewhere. Each island has one *pixel brick* at its rim, so coverage fills one
corner of it. The islands lie in HEALPix (nside 8) cells of all three splits.

Usable bricks without pixels hold only faint galaxies and stars: no stage can ask for their pixels.
Bricks that fail the brick cuts (E(B-V) 0.12, seeing 1.6", depth 23.6) hold LRGs, seen fewer than
three times in z.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ingest.embedded.brick_grid import Brick, bricks_around
from ingest.embedded.draws import digest, uniform

ISLAND_RADIUS_DEG = 0.55
RIM_DEG = 0.3  # a pixel brick is at least this far from its island's centre
FAILING_FRACTION = 0.2  # of bricks that are not next to the pixel brick


class Trouble(StrEnum):
    """The fault of an island's pixel brick; NONE for a healthy one."""

    NONE = "none"
    MISSING = "missing brick"
    TRUNCATED = "truncated file"
    NO_PSFSIZE = "no psfsize files"
    NO_MASKBITS = "no maskbits"
    NO_BAND = "band without coverage"
    # These leave the brick healthy but for one patch or pixel.
    NEGATIVE_INVVAR = "negative invvar pixel"
    PSFSIZE_ZERO = "psfsize 0 patch"
    BAD_PIXELS = "stamp over bad pixels"
    EVERY_MASK_BIT = "every mask bit"


class Quality(StrEnum):
    """The brick cut that a brick fails."""

    GOOD = "good"
    DUSTY = "high extinction"
    BLURRED = "poor seeing"
    SHALLOW = "shallow"


FAILURES = (Quality.DUSTY, Quality.BLURRED, Quality.SHALLOW)
BROKEN = frozenset(
    (
        Trouble.MISSING,
        Trouble.TRUNCATED,
        Trouble.NO_PSFSIZE,
        Trouble.NO_MASKBITS,
        Trouble.NO_BAND,
    )
)


@dataclass(frozen=True)
class Island:
    """One pointing: its centre in degrees, and its faults.

    ``trouble`` is that of its pixel brick; a ``quality`` other than good is that of all its bricks.
    """

    ra: float
    dec: float
    trouble: Trouble = Trouble.NONE
    quality: Quality = Quality.GOOD


ISLANDS = (
    # test
    Island(354.0, -1.25),
    Island(355.5, 1.75),
    Island(352.5, 0.25, Trouble.PSFSIZE_ZERO),
    Island(357.0, 0.25),
    Island(355.5, -2.75),
    Island(354.0, 3.25, Trouble.NO_PSFSIZE),
    Island(352.5, 1.75, Trouble.NO_BAND),
    # val
    Island(6.0, -1.25),
    Island(4.5, -2.75, Trouble.NEGATIVE_INVVAR),
    Island(7.5, 0.25),
    Island(6.0, 1.75),
    Island(3.0, 0.25),
    Island(6.0, 3.25, Trouble.TRUNCATED),
    # train
    Island(3.0, -4.25),
    Island(1.5, -2.75, Trouble.EVERY_MASK_BIT),
    Island(358.5, -2.75),
    Island(0.0, 3.25),
    Island(1.75, 3.25),
    Island(30.6, -44.6),
    Island(150.0, 30.5, Trouble.BAD_PIXELS),
    Island(357.0, -4.25, Trouble.MISSING),
    Island(7.5, -4.25, Trouble.NO_MASKBITS),
    # across RA 0; this one also across the corner of four cells
    Island(0.0, 0.0),
    Island(0.0, -4.25),
    # no usable brick
    Island(351.0, -4.25, quality=Quality.DUSTY),
    Island(9.0, -4.25, quality=Quality.BLURRED),
    Island(358.5, 3.5, quality=Quality.SHALLOW),
)


@dataclass(frozen=True)
class Site:
    """A brick of the survey: its place in an island, and its faults.

    ``corner`` is where coverage begins: (0 or 1, 0 or 1), 0 for low x or y.
    """

    brick: Brick
    island: Island
    quality: Quality
    has_pixels: bool
    corner: tuple[int, int]

    @property
    def trouble(self) -> Trouble:
        """Return the island's trouble if this is its pixel brick, else none."""
        return self.island.trouble if self.has_pixels else Trouble.NONE

    @property
    def is_healthy(self) -> bool:
        """Return whether this is a pixel brick with all its files whole."""
        return self.has_pixels and self.trouble not in BROKEN


def sites() -> list[Site]:
    """Return every brick of the survey, in the order of BRICKID."""
    found = [site for island in ISLANDS for site in island_sites(island)]
    return sorted(found, key=lambda site: site.brick.brickid)


def island_sites(island: Island) -> list[Site]:
    """Return the bricks of one island."""
    members = bricks_around(island.ra, island.dec, ISLAND_RADIUS_DEG)
    pixel_brick = rim_brick(island, members) if island.quality is Quality.GOOD else None
    return [
        Site(
            brick=member,
            island=island,
            quality=brick_quality(island, member, pixel_brick),
            has_pixels=member == pixel_brick,
            corner=inward_corner(island, member),
        )
        for member in members
    ]


def rim_brick(island: Island, members: list[Brick]) -> Brick:
    """Return the pixel brick: one at the rim; across RA 0 one that touches it."""
    seam = [member for member in members if member.ra1 == 0 or member.ra2 == 360]
    rim = [m for m in seam or members if distance_deg(island, m) >= RIM_DEG]
    return min(rim, key=lambda member: digest(member.name, "rim"))


def brick_quality(island: Island, member: Brick, pixel_brick: Brick | None) -> Quality:
    """Return which brick cut a brick fails, if any."""
    if pixel_brick is None:
        return island.quality
    is_near = abs(member.dec - pixel_brick.dec) < 0.3 and abs(_d_ra(member, pixel_brick)) < 0.5
    if is_near or uniform(member.name, "fails") > FAILING_FRACTION:
        return Quality.GOOD
    return FAILURES[int(uniform(member.name, "failure") * len(FAILURES))]


def inward_corner(island: Island, member: Brick) -> tuple[int, int]:
    """Return the corner of a brick that faces its island's centre."""
    d_ra = (island.ra - member.ra + 180) % 360 - 180
    return int(d_ra < 0), int(island.dec > member.dec)


def distance_deg(island: Island, member: Brick) -> float:
    """Return the distance of a brick's centre from its island's, degrees."""
    d_ra = (island.ra - member.ra + 180) % 360 - 180
    return float(np.hypot(d_ra * np.cos(np.radians(member.dec)), island.dec - member.dec))


def _d_ra(first: Brick, second: Brick) -> float:
    """Return the difference in RA from -180 to 180, degrees."""
    return (first.ra - second.ra + 180) % 360 - 180
