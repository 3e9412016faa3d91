"""The command that makes cutouts, from coadds or the cutout service."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated

import duckdb
import numpy as np
import typer

from ingest.catalogues.run import SourceOption, open_lake
from ingest.coadds.cache import BrickFolder, locked
from ingest.coadds.fetch import Budget, Plan, WholeFiles
from ingest.coadds.files import IMAGE, files_of_brick
from ingest.coadds.outcomes import is_settled
from ingest.coadds.tiles_only import Squares, TilesOnly
from ingest.cutouts.export import export_npz
from ingest.cutouts.from_coadds import cutouts_of_brick
from ingest.cutouts.from_service import LAYER, SERVICE, cutout_from_service
from ingest.cutouts.objects import SIZE_PIX, Cutout, CutoutSettings, SkyObject
from ingest.cutouts.parts import (
    PART_CUTOUTS,
    TABLE,
    drop_parts,
    refuse_other_settings,
    register_parts,
    remove_part_leftovers,
    write_part,
)
from ingest.survey import survey_root
from ingest.transport import Source
from ingest.transport.http import HttpSource
from ingest.transport.local import LocalSource
from ingest.transport.network import n_workers, opened
from ingest.transport.retrying import Tries
from store.failures import CommandError
from store.lake import coadd_root, how_to_look
from store.progress import Progress

TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SERVICE_BATCH = 50  # objects that one worker asks for in a row

Batch = Sequence[SkyObject]
MakeCutouts = Callable[[Batch], list[Cutout]]


def cutouts(
    context: typer.Context,
    *,
    source: SourceOption = None,
    table: Annotated[
        str, typer.Option(help="Objects: a table with galaxy_id, brickname, ra, dec.")
    ] = "training_sample",
    bands: Annotated[str, typer.Option(help="Filters, in the order of the planes.")] = "grz",
    size: Annotated[int, typer.Option(min=1, max=512, help="Side in pixels.")] = SIZE_PIX,
    service: Annotated[
        str | None,
        typer.Option(help=f"Ask a cutout service instead, e.g. {SERVICE}."),
    ] = None,
    npz: Annotated[
        Path | None, typer.Option(help="Also write <galaxy_id>.npz files into this folder.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove all cutouts and make them again.")
    ] = False,
) -> None:
    """Cut training_sample out of the coadds.

    The pixels in cutout_pixels are those of the coadds, untouched and cut like the injected stamps,
    so that nothing tells the two apart: float32 in (band, y, x) order, nanomaggy. They come from
    the coadd cache. Images that it lacks are fetched from the survey; if that is remote, only the
    tiles that are needed. An object that cannot be cut out has a row in raw_outcomes with the
    reason, and the next run tries it again.
    """
    refuse_bad_options(table, bands)
    settings = CutoutSettings("service" if service else "coadds", bands, size)
    with open_lake(must_exist=True) as lake, locked(coadd_root()):
        remove_part_leftovers()
        if force:
            drop_parts(lake)
        register_parts(lake)
        refuse_other_settings(lake, settings)
        objects = wanted_objects(lake, table)
        location = service or survey_root(source)
        with closing(opened(context, location)) as files:
            batches, make = (
                from_service(objects, settings, files)
                if service
                else from_coadds(objects, settings, files)
            )
            tally = run_batches(lake, batches, make, settings, n_workers(files))
        refuse_no_cutouts(lake, tally)
        n_files = export_npz(lake, table, npz) if npz else 0
    report(tally, len(objects), n_files, npz)


def refuse_bad_options(table: str, bands: str) -> None:
    """Refuse a table name that is none, and bands that do not exist."""
    if not TABLE_NAME.fullmatch(table):
        raise CommandError(f"--table {table!r}: give the name of a table of the lake")
    if not bands or set(bands) - set("griz") or len(set(bands)) < len(bands):
        raise CommandError(f"--bands {bands}: give some of g, r, i and z, each once, such as grz")


def wanted_objects(lake: duckdb.DuckDBPyConnection, table: str) -> list[SkyObject]:
    """Return the objects without a cutout, by brick.

    Raises
    ------
    CommandError
        When the table is missing, lacks a column, or has an object twice or without galaxy_id.
    """
    try:
        rows = lake.execute(
            f"select galaxy_id, brickname, ra, dec from {table} "
            f"where galaxy_id not in (select galaxy_id from {TABLE}) "
            "order by brickname, galaxy_id"
        ).fetchall()
        [(n_nulls, n_twice)] = lake.execute(
            "select count(*) filter (where galaxy_id is null), "
            f"count(galaxy_id) - count(distinct galaxy_id) from {table}"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise CommandError(
            f"there is no table {table} with galaxy_id, brickname, ra and dec: "
            "run 'dbt build --select pools' first, or name another with --table"
        ) from error
    if n_nulls or n_twice:
        raise CommandError(f"{table} has {n_nulls} objects without galaxy_id and {n_twice} twice")
    return [SkyObject(str(name), brick, _number(ra), _number(dec)) for name, brick, ra, dec in rows]


def _number(value: float | None) -> float:
    """Return a coordinate as a float, NaN for null."""
    return float("nan") if value is None else float(value)


def from_coadds(
    objects: Sequence[SkyObject], settings: CutoutSettings, source: Source
) -> tuple[list[Batch], MakeCutouts]:
    """Return one batch per brick, and the function that cuts it out."""
    batches: list[Batch] = [list(group) for _, group in groupby(objects, lambda obj: obj.brickname)]
    plan = image_plan(batches, settings, source)

    def make(batch: Batch) -> list[Cutout]:
        """Cut out the objects of one brick."""
        found = cutouts_of_brick(batch, settings, plan, coadd_root())
        if found[0].reason_code != "bad_brick_name":
            _mark_again(BrickFolder(coadd_root(), str(batch[0].brickname)), settings.bands)
        return found

    return batches, make


def _mark_again(folder: BrickFolder, bands: str) -> None:
    """Restore the brick's completion marker."""
    if is_settled(files_of_brick(folder.brickname, bands), folder.records()):
        folder.mark()


def image_plan(batches: Sequence[Batch], settings: CutoutSettings, source: Source) -> Plan:
    """Return the plan to fetch images: whole if local, else only tiles."""
    whole = WholeFiles(source, Budget(), is_asked_again=True, product=IMAGE)
    if isinstance(source, LocalSource):
        return whole
    squares = {
        str(batch[0].brickname): [
            Squares(
                np.array([obj.ra for obj in batch]),
                np.array([obj.dec for obj in batch]),
                settings.size,
            )
        ]
        for batch in batches
    }
    return TilesOnly(whole, squares)


def from_service(
    objects: Sequence[SkyObject], settings: CutoutSettings, service: Source
) -> tuple[list[Batch], MakeCutouts]:
    """Return batches of objects, and the function that asks for them."""
    if not isinstance(service, HttpSource):
        raise CommandError(f"--service {service.root}: give an http(s) address")
    batches = [objects[i : i + SERVICE_BATCH] for i in range(0, len(objects), SERVICE_BATCH)]

    def make(batch: Batch) -> list[Cutout]:
        """Ask the service for each object."""
        return [cutout_from_service(obj, settings, service, LAYER, Tries()) for obj in batch]

    return batches, make


def run_batches(
    lake: duckdb.DuckDBPyConnection,
    batches: Sequence[Batch],
    make: MakeCutouts,
    settings: CutoutSettings,
    workers: int,
) -> Counter:
    """Make all cutouts, writing parts as they fill; count the outcomes."""
    tally: Counter = Counter()
    waiting: list[Cutout] = []
    with Progress("cutouts", sum(map(len, batches)), "cutout") as progress:
        for found in _results(batches, make, workers):
            waiting.extend(found)
            tally.update(cutout.reason_code for cutout in found)
            progress.add(len(found))
            if len(waiting) >= PART_CUTOUTS:
                write_part(lake, waiting, settings)
                waiting = []
    if waiting:
        write_part(lake, waiting, settings)
    return tally


def _results(batches: Sequence[Batch], make: MakeCutouts, workers: int) -> Iterator[list[Cutout]]:
    """Yield results as they come, with little work queued ahead."""
    queue = iter(batches)
    with ThreadPoolExecutor(workers, thread_name_prefix="cutouts") as pool:
        running = {pool.submit(make, batch) for batch in islice(queue, 2 * workers)}
        try:
            while running:
                done = next(as_completed(running))
                running.remove(done)
                yield done.result()
                running |= {pool.submit(make, batch) for batch in islice(queue, 1)}
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def refuse_no_cutouts(lake: duckdb.DuckDBPyConnection, tally: Counter) -> None:
    """Refuse a run without a single cutout: the source must be wrong.

    Raises
    ------
    CommandError
    """
    [(n_cutouts,)] = lake.execute(f"select count(*) from {TABLE}").fetchall()
    if tally and not n_cutouts:
        reasons = ", ".join(f"{n} {code}" for code, n in sorted(tally.items()))
        raise CommandError(
            f"not one cutout could be made ({reasons}): is the source right? See raw_outcomes"
        )


def report(tally: Counter, n_objects: int, n_files: int, folder: Path | None) -> None:
    """Print the summary and the query that shows it."""
    n_made = tally.pop(None, 0)
    reasons = ", ".join(f"{n} {code}" for code, n in sorted(tally.items()))
    typer.echo(
        f"cutouts: {n_made} of {n_objects} objects without one were cut out"
        + (f"; {reasons}" if reasons else "")
        + (f"; {n_files} files in {folder}" if folder else "")
    )
    typer.echo(
        how_to_look(
            f"select * exclude (pixels) from {TABLE} limit 5; "
            "from raw_outcomes where product = 'cutouts'"
        )
    )
