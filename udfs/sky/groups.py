"""Groups of positions: bricks into regions, entries into lenses.

Two members are linked when they are near; a group is everything that a chain of links joins.
Right ascension wraps at 360 degrees and separations are true ones at every declination.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE, DuckDBPyType
from numba import float64, int64

from udfs.jit import called_with, kernel, read_only

ARCSEC_PER_DEG = 3600.0


@kernel
def _root(parent: np.ndarray, member: int) -> int:
    """Find the root of a member's tree; halve the path on the way."""
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member


@kernel
def _join(parent: np.ndarray, one: int, other: int) -> None:
    """Unite two trees under the smaller root.

    A root is then its group's first member.
    """
    first, second = _root(parent, one), _root(parent, other)
    if first < second:
        parent[second] = first
    else:
        parent[first] = second


@kernel
def _haversine(angle_deg: float) -> float:
    """Return the haversine of an angle."""
    return np.sin(np.radians(0.5 * angle_deg)) ** 2


@kernel
def _is_brick_neighbour(
    ra: np.ndarray, dec: np.ndarray, one: int, other: int, link_deg: float
) -> bool:
    """Return whether two brick centres are within link_deg on each axis.

    As true angles.

    Along right ascension the true angle is that of the haversine formula's second term. At the
    equator this is the box |ddec|, |dra| <= link_deg of the original pipeline.
    """
    limit = _haversine(link_deg)
    cosines = np.cos(np.radians(dec[one])) * np.cos(np.radians(dec[other]))
    along = cosines * _haversine(ra[other] - ra[one])
    return along <= limit and _haversine(dec[other] - dec[one]) <= limit


@kernel
def _is_near(ra: np.ndarray, dec: np.ndarray, one: int, other: int, link_deg: float) -> bool:
    """Return whether two positions are within link_deg of each other.

    On the great circle.
    """
    cosines = np.cos(np.radians(dec[one])) * np.cos(np.radians(dec[other]))
    along = cosines * _haversine(ra[other] - ra[one])
    return along + _haversine(dec[other] - dec[one]) <= _haversine(link_deg)


@called_with(
    lambda: [
        (
            read_only(float64[::1]),
            read_only(float64[::1]),
            read_only(int64[::1]),
            int64[::1],
            float64,
        )
    ]
)
@kernel
def _group_bricks(
    ra: np.ndarray, dec: np.ndarray, cell: np.ndarray, order: np.ndarray, link_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return group labels and neighbour counts.

    ``order`` sorts by declination.
    """
    parent = np.arange(len(ra))
    degree = np.zeros(len(ra), dtype=np.int64)
    for at in range(len(order)):
        one = order[at]
        for later in range(at + 1, len(order)):
            other = order[later]
            if dec[other] - dec[one] > 1.001 * link_deg:
                break
            if cell[one] == cell[other] and _is_brick_neighbour(ra, dec, one, other, link_deg):
                degree[one] += 1
                degree[other] += 1
                _join(parent, one, other)
    return np.array([_root(parent, member) for member in range(len(ra))]), degree


@called_with(lambda: [(read_only(float64[::1]), read_only(float64[::1]), int64[::1], float64)])
@kernel
def _group_positions(
    ra: np.ndarray, dec: np.ndarray, order: np.ndarray, link_deg: float
) -> np.ndarray:
    """Return the group labels of positions.

    ``order`` sorts by declination.
    """
    parent = np.arange(len(ra))
    for at in range(len(order)):
        one = order[at]
        for later in range(at + 1, len(order)):
            other = order[later]
            if dec[other] - dec[one] > 1.001 * link_deg:
                break
            if _is_near(ra, dec, one, other, link_deg):
                _join(parent, one, other)
    return np.array([_root(parent, member) for member in range(len(ra))])


def brick_groups(
    ra: np.ndarray, dec: np.ndarray, cell: np.ndarray, link_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    """Connect bricks into groups, none of which leaves its cell.

    Parameters
    ----------
    ra, dec : (n,) float, deg
        Brick centres.
    cell : (n,) int
        Bricks are linked only within a cell; one value for all links everywhere.
    link_deg : float, deg
        Largest true separation along each axis between neighbours.

    Returns
    -------
    (n,) int64
        Index of the first member of the brick's group.
    (n,) int64
        Number of neighbours.
    """
    if len(ra) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return _group_bricks(ra, dec, cell, np.argsort(dec, kind="stable"), link_deg)


def position_groups(ra: np.ndarray, dec: np.ndarray, link_arcsec: float) -> np.ndarray:
    """Group positions by friends of friends.

    Parameters
    ----------
    ra, dec : (n,) float, deg
    link_arcsec : float, arcsec
        Largest great-circle separation of two linked positions.

    Returns
    -------
    (n,) int64
        Index of the first member of the position's group.
    """
    if len(ra) == 0:
        return np.empty(0, dtype=np.int64)
    order = np.argsort(dec, kind="stable")
    return _group_positions(ra, dec, order, link_arcsec / ARCSEC_PER_DEG)


def _values(lists: pa.Array, row: int) -> np.ndarray:
    """Return one row of a list column, which must hold no null."""
    values = lists[row].values
    if values.null_count:
        raise ValueError("a position to be grouped is null")
    return values.to_numpy(zero_copy_only=False)


def _sql_brick_groups(ra: pa.Array, dec: pa.Array, cell: pa.Array, link_deg: pa.Array) -> pa.Array:
    """Group the bricks of each row for SQL."""
    fields = pa.struct([("group_index", pa.int64()), ("degree", pa.int64())])
    rows = []
    for row in range(len(ra)):
        columns = (_values(ra, row), _values(dec, row), _values(cell, row))
        groups, degree = brick_groups(*columns, link_deg[row].as_py())
        rows.append([{"group_index": g, "degree": d} for g, d in zip(groups, degree, strict=True)])
    return pa.array(rows, type=pa.list_(fields))


def _sql_position_groups(ra: pa.Array, dec: pa.Array, link_arcsec: pa.Array) -> pa.Array:
    """Group the positions of each row for SQL."""
    rows = [
        position_groups(_values(ra, row), _values(dec, row), link_arcsec[row].as_py())
        for row in range(len(ra))
    ]
    return pa.array(rows, type=pa.list_(pa.int64()))


DOUBLES, BIGINTS = DuckDBPyType("DOUBLE[]"), DuckDBPyType("BIGINT[]")
GROUPS = DuckDBPyType("STRUCT(group_index BIGINT, degree BIGINT)[]")
SQL_FUNCTIONS: dict[str, tuple[Callable[..., pa.Array], list[Any], DuckDBPyType]] = {
    "brick_groups": (_sql_brick_groups, [DOUBLES, DOUBLES, BIGINTS, DOUBLE], GROUPS),
    "position_groups": (_sql_position_groups, [DOUBLES, DOUBLES, DOUBLE], BIGINTS),
}


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``brick_groups`` and ``position_groups``.

    Both over ordered lists.
    """
    for name, (function, parameters, result) in SQL_FUNCTIONS.items():
        connection.create_function(name, function, parameters, result, type=PythonUDFType.ARROW)
