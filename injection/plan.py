"""Which renders there are, and how they are cut into parts of whole bricks."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
import polars as pl

from injection.fingerprint import files_fingerprint, part_id
from injection.settings import StageSettings

BYTES_PER_PIXEL = 4
LARGEST_PART = 4  # times the size aimed at
ROWS_PER_FETCH = 50_000

TRUTH_COLUMNS = (
    "ra", "dec", "is_control", "theta_e_arcsec", "lens_e", "lens_phi_rad", "shear",
    "shear_phi_rad", "src_x_arcsec", "src_y_arcsec", "src_mag_frame", "src_r_mag", "src_gr",
    "src_rz", "src_reff_arcsec", "src_e", "src_phi_rad", "src_n", "ebv",
)  # fmt: skip
OPTIONAL_COLUMNS = ("psfsize_{band}", "nexp_{band}")


class StageError(RuntimeError):
    """The stage cannot go on; the message says why and what to do."""


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


def renders_query(tasks: str, columns: Iterable[str], settings: StageSettings) -> str:
    """SQL for the distinct renders of a table of tasks, sorted by brick.

    Parameters
    ----------
    tasks : str
        Name of the table.
    columns : iterable of str
        Its columns.
    settings : StageSettings

    Raises
    ------
    StageError
        When the table lacks a column that is needed.
    """
    columns = list(columns)
    needed = ("task_id", "render_id", "brickname", "bandset", "experiment_id", "stamp_size")
    if missing := [name for name in (*needed, *TRUTH_COLUMNS) if name not in columns]:
        raise StageError(f"{tasks} lacks the column {missing[0]}")
    optional = [
        name
        for pattern in OPTIONAL_COLUMNS
        for band in settings.kernel.bands
        if (name := pattern.format(band=band)) in columns
    ]
    truth = ", ".join((*TRUTH_COLUMNS, *optional))
    return f"""
        select
            brickname,
            bandset,
            render_id,
            {truth},
            list_sort(list(distinct {{
                'experiment_id': experiment_id, 'stamp_size': stamp_size::integer
            }})) as experiments
        from {tasks}
        group by brickname, bandset, render_id, {truth}
        order by brickname, bandset, render_id
    """


def check_tasks(cursor: duckdb.DuckDBPyConnection, tasks: str, settings: StageSettings) -> int:
    """Number of renders (and bandsets) of a table of tasks, which must be free of contradictions.

    Raises
    ------
    StageError
        When a render has two truths, or a task wants a stamp size that is not among the settings'.
    """
    sizes = [
        row[0] for row in cursor.execute(f"select distinct stamp_size from {tasks}").fetchall()
    ]
    if unknown := sorted(set(sizes) - set(settings.kernel.stamp_sizes)):
        raise StageError(
            f"{tasks} asks for stamps of {unknown[0]} pixels, var stamp_sizes has "
            f"{list(settings.kernel.stamp_sizes)}: add the size, or build the manifests again"
        )
    columns = [row[0] for row in cursor.execute(f"describe {tasks}").fetchall()]
    n_renders, n_keys = cursor.execute(
        f"select count(*), count(distinct (render_id, bandset)) "
        f"from ({renders_query(tasks, columns, settings)})"
    ).fetchone()
    if n_renders != n_keys:
        raise StageError(
            f"{tasks}: {n_renders - n_keys} renders have more than one set of parameters"
        )
    return n_renders


def stream_renders(
    cursor: duckdb.DuckDBPyConnection, query: str, n_expected: int
) -> Iterator[pl.DataFrame]:
    """Renders brick by brick, without holding more than one fetch and one brick.

    An open Arrow reader ends early, without an error, when another query runs on its connection
    (duckdb 1.5.5); so the cursor must be this reader's own, and what came is counted.

    Raises
    ------
    StageError
        When fewer or more renders came than there are.
    """
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


def parts(
    bricks: Iterable[pl.DataFrame], settings: StageSettings, files: dict[str, str]
) -> Iterator[Part]:
    """Group bricks into parts.

    Whether a part ends after a brick depends on that brick alone (its name and its number of
    pixels), so that a change in one brick's tasks leaves all other parts what they were.

    Parameters
    ----------
    bricks : iterable of polars.DataFrame
        Renders of one brick each.
    settings : StageSettings
    files : dict of brick to str
        Checksums of bricks where they are known; the contents of the others are hashed.
    """
    held: list[pl.DataFrame] = []
    held_bytes = 0
    for brick in bricks:
        n_bytes = _pixel_bytes(brick)
        held.append(brick)
        held_bytes += n_bytes
        is_end = _uniform(brick["brickname"][0]) < n_bytes / settings.part_bytes
        if is_end or held_bytes >= LARGEST_PART * settings.part_bytes:
            yield _part(held, settings, files)
            held, held_bytes = [], 0
    if held:
        yield _part(held, settings, files)


def _part(bricks: list[pl.DataFrame], settings: StageSettings, files: dict[str, str]) -> Part:
    renders = pl.concat(bricks)
    names = renders["brickname"].unique(maintain_order=True)
    contents = {name: files.get(name) or files_fingerprint(settings.coadds, name) for name in names}
    return Part(part_id(renders, settings.fingerprint(), contents), renders)


def _pixel_bytes(brick: pl.DataFrame) -> int:
    """Bytes of the pixels of a brick's stamps."""
    sizes = brick.select(
        (pl.col("experiments").list.eval(pl.element().struct.field("stamp_size") ** 2).list.sum())
        * pl.col("bandset").str.len_chars()
    )
    return int(sizes.sum().item()) * BYTES_PER_PIXEL


def _uniform(brickname: str) -> float:
    """A number in [0, 1) that belongs to a brick."""
    return int(hashlib.md5(brickname.encode()).hexdigest()[:13], 16) / 16**13
