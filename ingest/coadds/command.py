"""The command that fills the coadd cache, and checks it."""

import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import numpy as np
import typer

from ingest.catalogues.run import SourceOption, open_lake
from ingest.coadds.cache import BrickFolder, cached_bricks, locked
from ingest.coadds.fetch import Budget, Plan, WholeFiles, fetch_files
from ingest.coadds.files import PSFSIZE, files_of_brick
from ingest.coadds.run import Crew, Tally, Work, run_bricks
from ingest.coadds.tiles_only import Squares, TilesOnly
from ingest.coadds.verify import verify_files
from ingest.survey import survey_root
from ingest.transport import Source
from ingest.transport.interface import public_location
from ingest.transport.local import LocalSource
from ingest.transport.network import n_workers, opened
from store.failures import CommandError
from store.lake import coadd_root, how_to_look
from store.survey_files import is_brick_name
from store.workers import local_workers

log = logging.getLogger(__name__)

TYPICAL_BYTES = {"image": 12_700_000, "invvar": 11_000_000, "maskbits": 400_000, "psfsize": 400_000}
SPARE_BYTES = 1 << 30  # of free disk that stays free

Bands = Annotated[str, typer.Option(help="Filters, one letter each.")]


def coadds(
    context: typer.Context,
    *,
    source: SourceOption = None,
    bands: Bands = "grz",
    limit_bytes: Annotated[
        int | None, typer.Option(min=0, help="Fetch no more than this; run again to go on.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Check every cached file again; remove what is damaged."),
    ] = False,
    repair: Annotated[
        str | None, typer.Option(help="'psfsize': fetch the maps that cached bricks lack.")
    ] = None,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Ask again for what the survey did not have.")
    ] = False,
    tiles_only: Annotated[
        bool,
        typer.Option("--tiles-only", help="Fetch only the tiles that stamps touch."),
    ] = False,
) -> None:
    """Fetch the coadds of bricks with tasks.

    Images, inverse variances, masks and PSF widths of the bricks in task_bricks that the cache does
    not have yet. Every file is checked (length, FITS structure, brick, tiles, the survey's
    checksum) before it gets its final name. Every file and every brick has a row in raw_outcomes.
    After an interruption the next run goes on from there.

    Files of a local source are hard linked where that is possible, else copied. Files that the
    server does not have (404) are not asked for again; after any other failure the next run tries
    again.

    With --tiles-only, headers, tile tables and the compression tiles that the stamps of
    injection_tasks and the hosts of the sham injection (sham_hosts) touch are fetched into sparse
    files; run again with more tasks, the command adds their tiles. Run it after the stage pools,
    which makes sham_hosts.
    """
    refuse_unknown(bands, repair)
    folder = coadd_root()
    with open_lake(must_exist=True) as lake, locked(folder):
        if verify:
            works = planned(cached_bricks(folder), bands)
            crew = Crew(verify_files, Budget(), local_workers())
            report(run_bricks(lake, works, crew, is_alive=True), crew.budget, works, "checked")
            return
        works = planned(cached_bricks(folder) if repair else bricks_with_tasks(lake), bands)
        with closing(opened(context, survey_root(source))) as survey:
            whole = WholeFiles(survey, Budget(limit_bytes), ask_again, repair)
            plan: Plan = tiles_plan(lake, whole) if tiles_only else whole
            refuse_full_disk(survey, [] if tiles_only else works, limit_bytes)
            crew = Crew(partial(fetch_files, plan=plan), plan.budget, n_workers(survey))
            is_alive = gave_files_before(lake, survey)
            tally = run_bricks(lake, works, crew, is_alive=is_alive)
    report(tally, plan.budget, works, "fetched")


def tiles_plan(lake: duckdb.DuckDBPyConnection, whole: WholeFiles) -> Plan:
    """Plan to fetch only the tiles under stamps of tasks and of the sham."""
    try:
        stamps = lake.execute(
            "select brickname, list(ra), list(dec),"
            " (select max(stamp_size) from injection_tasks)"  # canvases are as large in every brick
            " from (select distinct brickname, ra, dec from injection_tasks) group by brickname"
        ).fetchall()
    except duckdb.CatalogException as error:
        raise CommandError(
            "there is no table injection_tasks: run 'dbt build --select manifests' first"
        ) from error
    squares: defaultdict[str, list[Squares]] = defaultdict(list)
    for name, ra, dec, size in [*stamps, *places_of_sham(lake)]:
        squares[name].append(Squares(np.array(ra), np.array(dec), int(size)))
    return TilesOnly(whole, squares)


def places_of_sham(
    lake: duckdb.DuckDBPyConnection,
) -> list[tuple[str, list[float], list[float], int]]:
    """Return the places of ``sham_hosts`` by brick; none without that table."""
    try:
        places = lake.execute(
            "select brickname, list(ra), list(dec), max(size_pix) from sham_hosts"
            " where is_fetched group by brickname"
        ).fetchall()
    except duckdb.CatalogException:
        log.warning(
            "there is no table sham_hosts: no tiles come for the sham injection; build the stage "
            "pools and fetch again before the stage cutouts"
        )
        return []
    n_places = sum(len(ra) for _, ra, *_ in places)
    typer.echo(f"sham: tiles of {n_places} hosts of the sham injection (table sham_hosts)")
    return places


def planned(names: Sequence[str], bands: str) -> list[Work]:
    """Return the files that bricks should have in the cache."""
    folder = coadd_root()
    return [Work(BrickFolder(folder, name), files_of_brick(name, bands)) for name in names]


def refuse_unknown(bands: str, repair: str | None) -> None:
    """Refuse bands and repairs that do not exist."""
    if not bands or set(bands) - set("griz"):
        raise CommandError(f"--bands {bands}: give some of g, r, i and z, such as grz")
    if repair not in (None, PSFSIZE):
        raise CommandError(f"--repair {repair}: only {PSFSIZE} can be repaired")


def bricks_with_tasks(lake: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the sorted names of the bricks in ``task_bricks``.

    Raises
    ------
    CommandError
        When the table is missing or a name in it is not a brick name.
    """
    try:
        rows = lake.execute("select distinct brickname from task_bricks order by all").fetchall()
    except duckdb.CatalogException as error:
        raise CommandError(
            "there is no table task_bricks: run 'dbt build --select manifests' first"
        ) from error
    names = [str(name) for (name,) in rows]
    wrong = [name for name in names if not is_brick_name(name)]
    if wrong:
        raise CommandError(f"task_bricks holds {wrong[0]!r}, which is no brick name (0001m002)")
    return names


def gave_files_before(lake: duckdb.DuckDBPyConnection, source: Source) -> bool:
    """Tell whether a file of this source has ever arrived."""
    found = lake.execute(
        "select count(*) from raw_outcomes "
        "where product = 'coadds' and is_ok and band is not null and starts_with(source, ?)",
        [public_location(source.location(""))],
    ).fetchone()
    return bool(found and found[0])


def refuse_full_disk(source: Source, works: Sequence[Work], limit_bytes: int | None) -> None:
    """Refuse a run whose files, at their typical sizes, would fill the disk."""
    folder = coadd_root()
    if isinstance(source, LocalSource) and _same_file_system(source.root, folder):
        return
    missing = [
        file.product
        for work in works
        for known in [work.folder.records()]
        for file in work.files
        if file.name not in known
    ]
    needed = sum(TYPICAL_BYTES[product] for product in missing)
    needed = needed if limit_bytes is None else min(needed, limit_bytes)
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        raise CommandError(
            f"{len(missing)} files, typically {needed / 1e9:.1f} GB in all, would leave too "
            f"little of the {free / 1e9:.1f} GB free at {folder}: set DHS_CACHE to a larger disk, or "
            "fetch a part with --limit-bytes"
        )


def _same_file_system(source: str, folder: Path) -> bool:
    """Tell whether two folders are on one file system."""
    return os.stat(source).st_dev == os.stat(folder).st_dev


def report(tally: Tally, budget: Budget, works: Sequence[Work], what: str) -> None:
    """Print the summary and the query that shows it."""
    n_wanted = len(works)
    reasons = ", ".join(f"{n} {code}" for code, n in sorted(tally.reasons.items()))
    left = n_wanted - tally.n_bricks
    typer.echo(
        f"coadds: {tally.n_bricks} of {n_wanted} bricks {what} "
        f"({budget.fetched / 1e6:.1f} MB moved, their files have {tally.n_bytes / 1e6:.1f} MB): "
        f"{tally.n_complete} complete"
        + (f", {reasons}" if reasons else "")
        + (f"; {left} left for the next run" if left else "")
    )
    if tally.n_bricks and not tally.is_alive:
        raise CommandError("not one file was found: is the source right? No brick was blacklisted")
    typer.echo(how_to_look("from raw_outcomes where product = 'coadds' and not is_ok"))
