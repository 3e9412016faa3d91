"""Write the embedded survey: bricks in parallel, tables, then the marker."""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from ingest.embedded import sweep_format
from ingest.embedded.brick_table import brick_table, table_bytes
from ingest.embedded.coadd_format import coadd_files
from ingest.embedded.field import field_rows
from ingest.embedded.layout import Site, Trouble, sites
from ingest.embedded.lenses import known_lens_list
from ingest.embedded.measurements import RELEASES, measured_rows
from ingest.embedded.pixels import PixelBrick, pixel_brick
from ingest.survey import BRICK_TABLE, COADD_FOLDER, KNOWN_LENSES, SWEEP_FOLDER
from store.failures import CommandError
from store.files import remove_leftovers, write_whole
from store.progress import Progress
from store.survey_files import brick_path, coadd_checksum_list, coadd_name
from store.workers import local_workers
from udfs.code_digest import digest_of_code

MARKER = "_EMBEDDED_SURVEY.json"
BRICK_CHECKSUMS = "south/legacysurvey_dr10_south.sha256sum"
SWEEP_CHECKSUMS = "legacysurvey_dr10_south_sweep_10.1.sha256sum"
TRUNCATED_FRACTION = 0.6
SECOND_RELEASE_FLUX_Z = 10.0  # nanomaggy: z brighter than 20
SECOND_RELEASE_Z_OVER_R = 1.6  # r - z above 0.5
OLD_FLUX_FACTOR = 0.98  # of the flux in the older release


class SurveyError(CommandError):
    """The survey cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Summary:
    """The survey that was written, or found complete (``is_new`` false)."""

    root: Path
    is_new: bool
    n_bricks: int
    n_pixel_bricks: int
    n_sources: int
    n_lenses: int
    n_bytes: int


def write_survey(
    root: Path,
    *,
    progress: bool = True,
    force: bool = False,
    workers: int | None = None,
    only: Iterable[str] | None = None,
) -> Summary:
    """Write the embedded survey, unless it is there already.

    Parameters
    ----------
    root : Path
        Folder to write to; absent, empty, or an embedded survey.
    progress : bool
        Whether to show a bar.
    force : bool
        Write a complete survey again.
    workers : int, optional
        Processes; by default DHS_WORKERS, else the number of cores.
    only : iterable of str, optional
        Names of the pixel bricks to make; the others are left out of every table. All by default.

    Raises
    ------
    SurveyError
        For a folder that holds something else, or that cannot be written.
    CommandError
        When DHS_WORKERS is not a whole number above 0.
    """
    root = Path(root)
    chosen = chosen_sites(only)
    identity = fingerprint(chosen)
    n_processes = workers or local_workers()
    try:
        found = read_marker(root)
        if found and found.get("fingerprint") == identity and found["summary"] and not force:
            return Summary(root, False, **found["summary"])
        prepare(root, identity, is_ours=found is not None)
        counts = write_all(root, chosen, progress, n_processes)
        write_marker(root, identity, counts)
    except OSError as error:
        raise SurveyError(f"cannot write the embedded survey to {root}: {error}") from error
    return Summary(root, True, **counts)


def chosen_sites(only: Iterable[str] | None) -> list[Site]:
    """Return every site, without the pixel bricks that are not named."""
    found = sites()
    if only is None:
        return found
    names = set(only)
    unknown = names - {site.brick.name for site in found if site.has_pixels}
    if unknown:
        raise SurveyError(f"not pixel bricks of the embedded survey: {', '.join(sorted(unknown))}")
    if not names:
        raise SurveyError("name at least one pixel brick")
    return [site for site in found if not site.has_pixels or site.brick.name in names]


def fingerprint(chosen: list[Site]) -> str:
    """Return a digest of everything that the survey's bytes depend on."""
    digest = hashlib.sha256(f"{np.__version__} {digest_of_code(__name__)}".encode())
    digest.update(" ".join(site.brick.name for site in chosen).encode())
    return digest.hexdigest()


def read_marker(root: Path) -> dict | None:
    """Return the content of the marker, or None if there is none."""
    path = root / MARKER
    return json.loads(path.read_text()) if path.exists() else None


def write_marker(root: Path, identity: str, counts: dict[str, int] | None) -> None:
    """Mark the folder as ours and, given counts, as complete."""
    text = json.dumps({"fingerprint": identity, "summary": counts}, indent=1, sort_keys=True)
    write_whole(root / MARKER, text.encode() + b"\n")


def prepare(root: Path, identity: str, *, is_ours: bool) -> None:
    """Make the folder ours and empty; refuse one that holds something else."""
    others = [path for path in root.glob("*") if not path.name.startswith(f".{MARKER}")]
    if others and not is_ours:
        raise SurveyError(
            f"{root} holds files that are not an embedded survey: name an empty folder"
        )
    root.mkdir(parents=True, exist_ok=True)
    write_marker(root, identity, None)
    shutil.rmtree(root / "south", ignore_errors=True)
    (root / KNOWN_LENSES).unlink(missing_ok=True)
    remove_leftovers(root)


def write_all(root: Path, chosen: list[Site], progress: bool, workers: int) -> dict[str, int]:
    """Write every file but the marker; return the counts of the summary."""
    with_pixels = [site for site in chosen if site.has_pixels]
    made = list(bricks_made(root, with_pixels, progress, workers))
    lens_rows = np.concatenate([rows[is_lens] for rows, is_lens in made])
    fields = [field_rows(site) for site in chosen if not site.has_pixels]
    rows = with_second_release(np.concatenate([rows for rows, _ in made] + fields))
    rows = rows[np.argsort(rows, order=("BRICKID", "OBJID", "RELEASE"))]
    write_sweeps(root, rows)
    table = table_bytes(brick_table(chosen, rows))
    write_whole(root / BRICK_TABLE, table)
    write_whole(root / BRICK_CHECKSUMS, checksum_line(table, Path(BRICK_TABLE).name))
    write_whole(root / KNOWN_LENSES, known_lens_list(lens_rows["RA"], lens_rows["DEC"]))
    return {
        "n_bricks": len(chosen),
        "n_pixel_bricks": len(with_pixels),
        "n_sources": len(rows),
        "n_lenses": len(lens_rows),
        "n_bytes": sum(path.stat().st_size for path in root.rglob("*") if path.is_file()),
    }


def bricks_made(
    root: Path, with_pixels: list[Site], progress: bool, workers: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Write the pixel bricks; yield their rows and lenses, in order of sites.

    Yields
    ------
    (n,) SWEEP
        Rows of a brick's sources.
    (n,) bool
        Whether a source is a lens.
    """
    roots = [root] * len(with_pixels)
    bar = Progress("embedded survey", len(with_pixels), "brick", is_shown=progress)
    with bar, ExitStack() as stack:
        made: Iterator = map(write_brick, roots, with_pixels)
        if workers > 1:
            context = get_context("spawn")
            pool = ProcessPoolExecutor(workers, context, initializer=end_with_parent)
            made = stack.enter_context(pool).map(write_brick, roots, with_pixels)
        for rows in made:
            yield rows
            bar.add(1)


def end_with_parent() -> None:
    """Make a worker end when the process that started it is killed."""

    def wait() -> None:
        """Wait for the parent to end, then end this process."""
        parent = parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def write_brick(root: Path, site: Site) -> tuple[np.ndarray, np.ndarray]:
    """Write one pixel brick's files; return its rows, and which are lenses.

    Parameters
    ----------
    root : Path
    site : Site

    Returns
    -------
    (n,) SWEEP
    (n,) bool
        Whether a row is a lens.
    """
    brick = pixel_brick(site)
    rows = measured_rows(brick)
    if site.trouble is not Trouble.MISSING:
        write_coadds(root / COADD_FOLDER / brick_path(site.brick.name), brick)
    return rows, brick.scene.sources["is_lens"]


def write_coadds(folder: Path, brick: PixelBrick) -> None:
    """Write a brick's coadd files and checksums, with its trouble."""
    site, files = brick.site, coadd_files(brick)
    absent = {Trouble.NO_PSFSIZE: "-psfsize-", Trouble.NO_MASKBITS: "-maskbits"}.get(site.trouble)
    files = {name: data for name, data in files.items() if not absent or absent not in name}
    lines = [checksum_line(data, name) for name, data in files.items()]
    if site.trouble is Trouble.TRUNCATED:
        name = coadd_name(site.brick.name, "image", "r")
        files[name] = files[name][: int(TRUNCATED_FRACTION * len(files[name]))]
    for name, data in files.items():
        write_whole(folder / name, data)
    write_whole(folder / coadd_checksum_list(site.brick.name), b"".join(lines))


def with_second_release(rows: np.ndarray) -> np.ndarray:
    """Add the row that an earlier release has of one LRG.

    Parameters
    ----------
    rows : (n,) SWEEP

    Returns
    -------
    (n + 1,) SWEEP
    """
    is_lrg = (rows["TYPE"] == b"DEV") & (rows["FLUX_Z"] > SECOND_RELEASE_FLUX_Z)
    is_lrg &= rows["FLUX_Z"] > SECOND_RELEASE_Z_OVER_R * rows["FLUX_R"]
    again = np.flatnonzero((rows["RELEASE"] == RELEASES[1]) & is_lrg)
    old = rows[again[:1]].copy()
    old["RELEASE"] = RELEASES[0]
    for band in "GRZ":
        old[f"FLUX_{band}"] *= OLD_FLUX_FACTOR
    return np.concatenate([rows, old])


def write_sweeps(root: Path, rows: np.ndarray) -> None:
    """Write the sweep files and the list of their checksums.

    Parameters
    ----------
    root : Path
    rows : (n,) SWEEP
    """
    lines = []
    for (ra_min, dec_min), part in sweep_format.by_box(rows).items():
        name = sweep_format.sweep_name(ra_min, dec_min)
        data = sweep_format.sweep_bytes(part, ra_min, dec_min)
        write_whole(root / SWEEP_FOLDER / name, data)
        lines.append(checksum_line(data, name))
    write_whole(root / SWEEP_FOLDER / SWEEP_CHECKSUMS, b"".join(sorted(lines)))


def checksum_line(data: bytes, name: str) -> bytes:
    """Return a line of a checksum list, as the survey writes it."""
    return f"{hashlib.sha256(data).hexdigest()} *{name}\n".encode()
