"""Pairs of objects that are close on the sphere, in SQL.

They are complete across RA 0/360 and at the poles.
"""

import math

# Objects are first told apart in blocks this wide; a pair nearer than it lies in touching blocks.
BLOCK_RAD = 0.01
ROUNDING_ARCSEC = 1e-6  # haversine against chord, both in double precision
NEIGHBOURS = "(select range as {0} from range(-1, 2))"


def near_pairs(left: str, right: str, radius_arcsec: float, condition: str) -> str:
    """Return a query for pairs of two queries' objects within a radius.

    Objects become unit vectors in cubes as wide as the radius, so a partner lies in one of 27
    cubes. Every column of either side is there as ``left_<column>`` and ``right_<column>``.

    Parameters
    ----------
    left, right
        Queries with the columns ``ra`` and ``dec`` (degrees) and others; the smaller one left.
    radius_arcsec
        Pairs up to this separation are returned.
    condition
        What else is true of a pair, in these names.
    """
    chord = 2 * math.sin(math.radians(radius_arcsec / 3600) / 2)
    return f"""
        with left_objects as ({_in_cubes(left, chord)}),
        right_objects as ({_in_cubes(right, chord)}),
        left_spread as (
            select left_objects.* replace (cx + dx as cx, cy + dy as cy, cz + dz as cz)
            from left_objects, {NEIGHBOURS.format("dx")}, {NEIGHBOURS.format("dy")},
                {NEIGHBOURS.format("dz")}
        )
        select
            columns(left_spread.*) as 'left_\\0',
            columns(right_objects.*) as 'right_\\0'
        from left_spread
        inner join right_objects
            on left_spread.cx = right_objects.cx
            and left_spread.cy = right_objects.cy
            and left_spread.cz = right_objects.cz
        where
            pow(left_spread.x - right_objects.x, 2) + pow(left_spread.y - right_objects.y, 2)
            + pow(left_spread.z - right_objects.z, 2) <= pow({chord!r}, 2)
            and {condition}
    """


def pairs_across_splits(objects: str, radius_arcsec: float) -> str:
    """Return a query for pairs within a radius that are in different splits.

    Parameters
    ----------
    objects
        A query with the columns ``ra``, ``dec`` (degrees) and ``split`` (train, val or test).
    radius_arcsec
        At most ``BLOCK_RAD``, 34 arcmin.
    """
    if math.radians(radius_arcsec / 3600) > BLOCK_RAD:
        raise ValueError(f"radius_arcsec = {radius_arcsec} is wider than a block")
    mixed = f"""
        with objects as ({_in_cubes(objects, BLOCK_RAD)}),
        blocks as (select distinct cx, cy, cz, split from objects),
        splits_near as (
            select blocks.cx + dx as cx, blocks.cy + dy as cy, blocks.cz + dz as cz, split
            from blocks, {NEIGHBOURS.format("dx")}, {NEIGHBOURS.format("dy")},
                {NEIGHBOURS.format("dz")}
        ),
        mixed_blocks as (
            select cx, cy, cz from splits_near group by all having count(distinct split) > 1
        )
        select * exclude (x, y, z, cx, cy, cz) from objects semi join mixed_blocks
            using (cx, cy, cz)
    """
    return near_pairs(
        f"select * from ({mixed}) where split <> 'train'",
        f"select * from ({mixed}) where split <> 'test'",
        radius_arcsec,
        "left_spread.split <> right_objects.split",
    )


def lens_separations_off() -> str:
    """Return a query for pairs of source and lens whose separation is off.

    It compares with the angle of the chord between the two, where the models take haversines. A
    pair that lacks its source or its lens is off too.
    """
    return f"""
        select pairs.*
        from {{batch}} as pairs
        left join stg_sources as sources using (brickid, objid)
        left join stg_known_lenses as lenses using (known_lens_id)
        where (
            abs(separation_arcsec - {chord_arcsec("sources", "lenses")}) < {ROUNDING_ARCSEC}
        ) is not true
    """


def chord_arcsec(left: str, right: str) -> str:
    """Return the separation of two rows as SQL: the angle of their chord.

    Parameters
    ----------
    left, right
        Names of tables with the columns ``ra`` and ``dec``, degrees.
    """
    squares = " + ".join(
        f"pow({one} - {other}, 2)"
        for one, other in zip(_unit_vector(left), _unit_vector(right), strict=True)
    )
    return f"3600e0 * degrees(2e0 * asin(sqrt({squares}) / 2e0))"


def _unit_vector(table: str) -> tuple[str, str, str]:
    ra, dec = f"radians({table}.ra)", f"radians({table}.dec)"
    return f"cos({dec}) * cos({ra})", f"cos({dec}) * sin({ra})", f"sin({dec})"


def _in_cubes(objects: str, width: float) -> str:
    return f"""
        select
            *,
            cos(radians(dec)) * cos(radians(ra)) as x,
            cos(radians(dec)) * sin(radians(ra)) as y,
            sin(radians(dec)) as z,
            floor(x / {width!r})::integer as cx,
            floor(y / {width!r})::integer as cy,
            floor(z / {width!r})::integer as cz
        from ({objects})
    """
