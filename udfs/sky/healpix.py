"""HEALPix cells (nested order) for SQL.

Which cell a position is in, and which cells are near it.

Positions are ICRS degrees. A row without a position (null, not finite, |dec| > 90) gets null, or no
cells where a list is asked for: the table that holds it says why. Borders follow Gorski et al. 2005
(ApJ 622, 759).
"""

from collections.abc import Callable
from typing import Any

import hpgeom
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BIGINT, DOUBLE, DuckDBPyType
from numba import float64, int64

from udfs.jit import called_with, kernel, read_only

ARCSEC_PER_DEG = 3600.0
# A ring of this many points, this many times wider than the disc, meets every cell that the disc
# meets: cell corners open by more than 50 degrees, so at 1.5 radii the narrowest wedge whose tip
# touches the disc spans 19 degrees of the ring, and the points are 11.25 degrees apart.
RING_POINTS = 32
RING_WIDTH = 1.5
# An offset in the face's square, in units of a cell's mean width, is at least two thirds of that on
# the sky (the projection's least stretch), so beyond twice the radius no border is near.
EDGE_SAFETY = 2.0
BOX_EDGE_POINTS = 16
EDGE_SAMPLES = 33
GOLDEN = 0.6180339887498949
GOLDEN_STEPS = 30  # narrows a sixteenth of an edge of 7 degrees to below a milliarcsecond
MEETING_CELLS = 4

Vector = tuple[float, float, float]

FACE_RING = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4], dtype=np.float64)
FACE_PHI = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7], dtype=np.float64)


def is_position(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Find the pairs that are positions on the sky.

    Parameters
    ----------
    ra, dec : (n,) float, deg

    Returns
    -------
    (n,) bool
    """
    return np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90.0)


def cells_of(nside: int, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Return the nested cell of each position, -1 without a position.

    Parameters
    ----------
    nside : int
        Power of two.
    ra, dec : (n,) float, deg

    Returns
    -------
    (n,) int64
    """
    good = is_position(ra, dec)
    cells = np.full(len(ra), -1, dtype=np.int64)
    cells[good] = hpgeom.angle_to_pixel(nside, np.mod(ra[good], 360.0), dec[good])
    return cells


def _ring_cells(nside: int, ra: np.ndarray, dec: np.ndarray, radius_deg: float) -> np.ndarray:
    """Return the cells of points on a ring around each position.

    (n, RING_POINTS) int64.
    """
    bearing = 2.0 * np.pi * np.arange(RING_POINTS) / RING_POINTS
    lon, lat = np.radians(ra)[:, None], np.radians(dec)[:, None]
    # By vectors, which know no pole: the position, turned by the radius towards each bearing.
    ahead, turn = np.cos(np.radians(radius_deg)), np.sin(np.radians(radius_deg))
    east, north = turn * np.sin(bearing), turn * np.cos(bearing)
    outward = np.cos(lat) * ahead - np.sin(lat) * north
    x = outward * np.cos(lon) - east * np.sin(lon)
    y = outward * np.sin(lon) + east * np.cos(lon)
    z = np.sin(lat) * ahead + np.cos(lat) * north
    cells = hpgeom.vector_to_pixel(nside, x.ravel(), y.ravel(), z.ravel())
    return cells.reshape(x.shape)


@kernel
def _offset_in_cell(nside: int, ra: float, dec: float) -> float:
    """Return how far a position is from its cell's nearest edge.

    In cell widths of the face's square.
    """
    z = np.sin(np.radians(dec))
    quarter = (ra % 360.0) / 90.0
    if np.abs(z) <= 2.0 / 3.0:
        x, y = 0.5 + quarter + 0.75 * z, 0.5 + quarter - 0.75 * z
    else:
        # sqrt(3 (1 - |z|)) by the half angle: exact near the poles too.
        spread = np.sqrt(6.0) * np.abs(np.sin(np.radians(0.5 * (90.0 - np.abs(dec)))))
        along = quarter - np.floor(quarter)
        x, y = (1.0 - along) * spread, along * spread
    x, y = (x * nside) % 1.0, (y * nside) % 1.0
    return min(x, 1.0 - x, y, 1.0 - y)


@called_with(
    lambda: [
        (int64, read_only(float64[::1]), read_only(float64[::1]), float64),
        (int64, float64[::1], float64[::1], float64),
    ]
)
@kernel
def _may_reach_border(
    nside: int, ra: np.ndarray, dec: np.ndarray, least_offset: float
) -> np.ndarray:
    """Find positions within an offset of their cell's edge.

    What is no position counts too.
    """
    near = np.empty(len(ra), dtype=np.bool_)
    for row in range(len(ra)):
        near[row] = not _offset_in_cell(nside, ra[row], dec[row]) >= least_offset
    return near


@kernel
def _vector_in_face(face: int, x: float, y: float) -> tuple[float, float, float]:
    """Return the unit vector of a point (x, y) of a base face.

    x and y are in [0, 1].
    """
    ring = FACE_RING[face] - x - y
    if ring < 1.0:
        spread = ring
        height = spread * spread / 3.0
        z, sin_theta = 1.0 - height, np.sqrt(height * (2.0 - height))
    elif ring > 3.0:
        spread = 4.0 - ring
        height = spread * spread / 3.0
        z, sin_theta = height - 1.0, np.sqrt(height * (2.0 - height))
    else:
        spread = 1.0
        z = (2.0 - ring) * 2.0 / 3.0
        sin_theta = np.sqrt((1.0 - z) * (1.0 + z))
    phi = 0.0
    if spread > 1e-15:
        phi = 0.25 * np.pi * (FACE_PHI[face] * spread + x - y) / spread
    return sin_theta * np.cos(phi), sin_theta * np.sin(phi), z


@kernel
def _face_and_corner(nside: int, cell: int) -> tuple[int, int, int]:
    """Return the base face and integer (x, y) of a nested cell."""
    inside = cell % (nside * nside)
    x, y, bit = 0, 0, 0
    while inside >> (2 * bit):
        x |= ((inside >> (2 * bit)) & 1) << bit
        y |= ((inside >> (2 * bit + 1)) & 1) << bit
        bit += 1
    return cell // (nside * nside), x, y


@kernel
def _edge_point(nside: int, cell: int, edge: int, t: float) -> tuple[float, float, float]:
    """Return the unit vector of a point on a cell's edge.

    At the fraction t along one of the four.
    """
    face, x, y = _face_and_corner(nside, cell)
    along = t if edge < 2 else float(edge - 2)
    across = float(edge) if edge < 2 else t
    return _vector_in_face(face, (x + along) / nside, (y + across) / nside)


@kernel
def _chord2(nside: int, cell: int, edge: int, t: float, point: Vector) -> float:
    """Return the squared chord from a unit vector to a point on an edge."""
    x, y, z = _edge_point(nside, cell, edge, t)
    return (x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2


@kernel
def _edge_chord2(nside: int, cell: int, edge: int, point: Vector) -> float:
    """Return the least squared chord from a unit vector to an edge.

    Sampled, then by golden section.
    """
    best = 0
    least = 5.0
    for sample in range(EDGE_SAMPLES):
        chord2 = _chord2(nside, cell, edge, sample / (EDGE_SAMPLES - 1), point)
        if chord2 < least:
            best, least = sample, chord2
    low = max(best - 1, 0) / (EDGE_SAMPLES - 1)
    high = min(best + 1, EDGE_SAMPLES - 1) / (EDGE_SAMPLES - 1)
    for _ in range(GOLDEN_STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if _chord2(nside, cell, edge, left, point) < _chord2(nside, cell, edge, right, point):
            high = right
        else:
            low = left
    return min(least, _chord2(nside, cell, edge, 0.5 * (low + high), point))


@kernel
def _distance_to_cell(nside: int, cell: int, ra: float, dec: float) -> float:
    """Return the distance in degrees from a position to a cell's border.

    The position is outside the cell.
    """
    cos_dec = np.cos(np.radians(dec))
    point = (
        cos_dec * np.cos(np.radians(ra)),
        cos_dec * np.sin(np.radians(ra)),
        np.sin(np.radians(dec)),
    )
    least = 5.0
    for edge in range(4):
        least = min(least, _edge_chord2(nside, cell, edge, point))
    return np.degrees(2.0 * np.arcsin(min(1.0, 0.5 * np.sqrt(least))))


@called_with(lambda: [(int64, float64[::1], float64[::1], int64[:, ::1], float64)])
@kernel
def _reached_cells(
    nside: int, ra: np.ndarray, dec: np.ndarray, ring: np.ndarray, radius_deg: float
) -> np.ndarray:
    """Return the cells of each ring within a radius of its position.

    The row's first slot is left for its own.
    """
    reached = np.full((len(ra), MEETING_CELLS), -1)
    for row in range(len(ra)):
        found = 1
        for cell in np.unique(ring[row]):
            own = ring[row, 0] == cell
            if own or _distance_to_cell(nside, cell, ra[row], dec[row]) > radius_deg:
                continue
            reached[row, found] = cell
            found += 1
    return reached


def cells_within(nside: int, ra: np.ndarray, dec: np.ndarray, radius_arcsec: float) -> np.ndarray:
    """Return the nested cells within a distance of each position.

    Its own cell comes first.

    Parameters
    ----------
    nside : int
        Power of two, its cells at least 8 radii wide.
    ra, dec : (n,) float, deg
    radius_arcsec : float, arcsec

    Returns
    -------
    (n, 4) int64
        Padded with -1, which is all that a row without a position has: four cells is the most that
        meet in a point.
    """
    radius_deg = radius_arcsec / ARCSEC_PER_DEG
    width_deg = hpgeom.nside_to_resolution(nside, units="degrees")
    if not 0 <= 8.0 * radius_deg <= width_deg:
        raise ValueError(f"radius_arcsec={radius_arcsec} is negative or too wide for nside={nside}")
    own = cells_of(nside, ra, dec)
    near = np.full((len(ra), MEETING_CELLS), -1)
    is_near_edge = _may_reach_border(nside, ra, dec, EDGE_SAFETY * radius_deg / width_deg)
    rows = np.flatnonzero(is_near_edge & (own >= 0))
    ring = _ring_cells(nside, ra[rows], dec[rows], RING_WIDTH * radius_deg)
    ring = np.column_stack([own[rows], ring])
    near[rows] = _reached_cells(nside, ra[rows], dec[rows], ring, radius_deg)
    near[:, 0] = own
    return near


def cell_of_box(
    nside: int, ra1: np.ndarray, ra2: np.ndarray, dec1: np.ndarray, dec2: np.ndarray
) -> np.ndarray:
    """Return the one cell that holds a brick and a margin round it.

    -1 where there is no such cell.

    The margin is a sixth of the brick's height. Points on the widened outline are a sixteenth of a
    side apart, so what could slip in between two of them does not reach the brick's own outline.

    Parameters
    ----------
    nside : int
        Power of two.
    ra1, ra2, dec1, dec2 : (n,) float, deg
        Borders of the bricks; ra1 < ra2.

    Returns
    -------
    (n,) int64
    """
    margin = (dec2 - dec1) / 6.0
    low, high = dec1 - margin, dec2 + margin
    polar = np.maximum(np.abs(low), np.abs(high)) >= 89.0
    widen = margin / np.cos(np.radians(np.minimum(np.maximum(np.abs(low), np.abs(high)), 89.0)))
    steps = np.linspace(0.0, 1.0, BOX_EDGE_POINTS + 1)
    across = (ra1 - widen)[:, None] + (ra2 - ra1 + 2.0 * widen)[:, None] * steps
    along = low[:, None] + (high - low)[:, None] * steps
    shape = across.shape
    west, east = np.broadcast_to(across[:, :1], shape), np.broadcast_to(across[:, -1:], shape)
    south, north = np.broadcast_to(along[:, :1], shape), np.broadcast_to(along[:, -1:], shape)
    ra = np.concatenate([across, across, west, east], axis=1)
    dec = np.clip(np.concatenate([south, north, along, along], axis=1), -90.0, 90.0)
    cells = cells_of(nside, ra.ravel(), dec.ravel()).reshape(ra.shape)
    is_one = (cells == cells[:, :1]).all(axis=1) & ~polar
    return np.where(is_one, cells[:, 0], -1)


def _null_where_negative(cells: np.ndarray) -> pa.Array:
    """Convert cells to Arrow, negative ones to null."""
    return pa.array(cells, type=pa.int64(), mask=cells < 0)


def _floats(column: pa.Array) -> np.ndarray:
    """Return an Arrow column as an array."""
    return column.to_numpy(zero_copy_only=False)


def _sql_cell(nside: pa.Array, ra: pa.Array, dec: pa.Array) -> pa.Array:
    """Do `cells_of` for SQL."""
    if len(nside) == 0:
        return pa.array([], type=pa.int64())
    return _null_where_negative(cells_of(nside[0].as_py(), _floats(ra), _floats(dec)))


def _sql_cells_within(nside: pa.Array, ra: pa.Array, dec: pa.Array, radius: pa.Array) -> pa.Array:
    """Do `cells_within` for SQL."""
    if len(nside) == 0:
        return pa.array([], type=pa.list_(pa.int64()))
    near = cells_within(nside[0].as_py(), _floats(ra), _floats(dec), radius[0].as_py())
    is_cell = near >= 0
    ends = np.concatenate([[0], np.cumsum(is_cell.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(ends, type=pa.int32()), pa.array(near[is_cell]))


def _sql_cell_of_box(
    nside: pa.Array, ra1: pa.Array, ra2: pa.Array, dec1: pa.Array, dec2: pa.Array
) -> pa.Array:
    """Do `cell_of_box` for SQL."""
    if len(nside) == 0:
        return pa.array([], type=pa.int64())
    borders = (_floats(ra1), _floats(ra2), _floats(dec1), _floats(dec2))
    return _null_where_negative(cell_of_box(nside[0].as_py(), *borders))


CELLS = [BIGINT, DOUBLE, DOUBLE]
SQL_FUNCTIONS: dict[str, tuple[Callable[..., pa.Array], list[Any], DuckDBPyType]] = {
    "healpix_cell": (_sql_cell, CELLS, BIGINT),
    "healpix_cells_within": (_sql_cells_within, [*CELLS, DOUBLE], DuckDBPyType("BIGINT[]")),
    "healpix_cell_of_box": (_sql_cell_of_box, [BIGINT, *[DOUBLE] * 4], BIGINT),
}


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL the three functions on HEALPix cells.

    ``healpix_cell``, ``healpix_cells_within`` and ``healpix_cell_of_box``.

    nside and the radius are taken from the first row of a batch: they are constants of a query.
    """
    for name, (function, parameters, result) in SQL_FUNCTIONS.items():
        connection.create_function(
            name,
            function,
            parameters,
            result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
