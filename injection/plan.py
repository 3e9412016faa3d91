"""Which renders there are, and how whole bricks are grouped into parts."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
import polars as pl

from injection.fingerprint import files_fingerprint, part_id
from injection.settings import StageSettings
from store.failures import StageError

BYTES_PER_PIXEL = 4
LARGEST_PART = 4  # times the size aimed at
ROWS_PER_FETCH = 50_000

KEY_COLUMNS = ("brickname", "bandset", "render_id", "experiments")
TRUTH_COLUMNS = (
    "ra", "dec", "is_control", "theta_e_arcsec", "lens_e", "lens_phi_rad", "shear",
    "shear_phi_rad", "src_x_arcsec", "src_y_arcsec", "src_mag_frame", "src_r_mag", "src_gr",
    "src_rz", "src_reff_arcsec", "src_e", "src_phi_rad", "src_n", "ebv",
)  # fmt: skip
FILES_COLUMN = "brick_files_sha256"  # optional: contents of the brick's files, when they are known


@dataclass(frozen=True)
class Part:
    """Whole bricks that are done together and written to one set of files.

    Parameters
    ----------
    part_id : str
    renders : polars.DataFrame
        One row per render and bandset, sorted by brick.
    """

    part_id: str
    renders: pl.DataFrame


def check_renders(cursor: duckdb.DuckDBPyConnection, renders: str, settings: StageSettings) -> int:
    """Count the renders of a table after checking that they can be run.

    A render in two bandsets counts twice.

    Raises
    ------
    StageError
        When a column is missing, a render has two truths, or a task wants a stamp size that is not
        among the settings'.
    """
    columns = [row[0] for row in cursor.execute(f"describe {renders}").fetchall()]
    if missing := [name for name in (*KEY_COLUMNS, *TRUTH_COLUMNS) if name not in columns]:
        raise StageError(f"{renders} lacks the column {missing[0]}")
    sizes = cursor.execute(
        f"select distinct unnest(experiments).stamp_size from {renders}"
    ).fetchall()
    if unknown := sorted({row[0] for row in sizes} - set(settings.kernel.stamp_sizes)):
        raise StageError(
            f"{renders} asks for stamps of {unknown[0]} pixels, var stamp_sizes has "
            f"{list(settings.kernel.stamp_sizes)}: add the size, or build the manifests again"
        )
    [(n_renders, n_keys)] = cursor.execute(
        f"select count(*), count(distinct (render_id, bandset)) from {renders}"
    ).fetchall()
    if n_renders != n_keys:
        raise StageError(f"{renders}: {n_renders - n_keys} renders have two sets of parameters")
    return int(n_renders)


def stream_renders(
    cursor: duckdb.DuckDBPyConnection, renders: str, n_expected: int
) -> Iterator[pl.DataFrame]:
    """Yield the renders brick by brick.

    No more than one fetch and one brick are held in memory. An open Arrow reader ends early,
    without an error, when another query runs on its connection (duckdb 1.5.5); so the cursor must
    be this reader's own, and the rows that arrive are counted.

    Parameters
    ----------
    cursor : duckdb.DuckDBPyConnection
        Must run no other query meanwhile.
    renders : str
        Name of the table of renders.
    n_expected : int
        Number of its rows.

    Yields
    ------
    polars.DataFrame
        All renders of one brick, one row per render and bandset, in the units of the tasks.

    Raises
    ------
    StageError
        When fewer or more renders arrive than expected.
    """
    query = f"select * from {renders} order by brickname, bandset, render_id"
    n_read = 0
    rest: pl.DataFrame | None = None
    for batch in cursor.execute(query).to_arrow_reader(ROWS_PER_FETCH):
        n_read += batch.num_rows
        frame = pl.DataFrame(pl.from_arrow(batch))
        rows = frame if rest is None else pl.concat([rest, frame])
        *whole, rest = rows.partition_by("brickname", maintain_order=True)
        yield from whole
    if n_read != n_expected:
        raise StageError(f"{n_read} renders were read where {n_expected} are: run the stage again")
    if rest is not None:
        yield rest


def parts(bricks: Iterable[pl.DataFrame], settings: StageSettings) -> Iterator[Part]:
    """Group bricks into parts.

    Whether a part ends after a brick depends on that brick alone (its name and its number of
    pixels), so that a change in one brick's tasks leaves all other parts what they were.

    Parameters
    ----------
    bricks : iterable of polars.DataFrame
        Renders of one brick each.
    settings : StageSettings
    """
    held: list[pl.DataFrame] = []
    held_bytes = 0
    for brick in bricks:
        n_bytes = _pixel_bytes(brick)
        held.append(brick)
        held_bytes += n_bytes
        is_end = _uniform(brick["brickname"][0]) < n_bytes / settings.part_bytes
        if is_end or held_bytes >= LARGEST_PART * settings.part_bytes:
            yield _part(held, settings)
            held, held_bytes = [], 0
    if held:
        yield _part(held, settings)


def _part(bricks: list[pl.DataFrame], settings: StageSettings) -> Part:
    """Join bricks into a part and give it its name."""
    renders = pl.concat(bricks)
    contents = [_contents(brick, settings.coadds) for brick in bricks]
    return Part(part_id(renders, settings.fingerprint(), contents), renders)


def _contents(brick: pl.DataFrame, coadds: str) -> str:
    """Return a hash of what a brick's files hold.

    It is the hash that came with the renders, or else a new one.
    """
    known = brick[FILES_COLUMN][0] if FILES_COLUMN in brick.columns else None
    return known or files_fingerprint(coadds, brick["brickname"][0])


def _pixel_bytes(brick: pl.DataFrame) -> int:
    """Return the size in bytes of the pixels of a brick's stamps."""
    sizes = brick.select(
        (pl.col("experiments").list.eval(pl.element().struct.field("stamp_size") ** 2).list.sum())
        * pl.col("bandset").str.len_chars()
    )
    return int(sizes.sum().item()) * BYTES_PER_PIXEL


def _uniform(brickname: str) -> float:
    """Return a number in [0, 1) that depends on the brick's name alone."""
    return int(hashlib.md5(brickname.encode()).hexdigest()[:13], 16) / 16**13
