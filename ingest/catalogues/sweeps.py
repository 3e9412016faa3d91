"""Sweep files into ``raw_sources``."""

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer

from ingest.catalogues.files import Destination
from ingest.catalogues.run import (
    Force,
    Forget,
    SourceOption,
    forget_file,
    run_catalogue_command,
)
from ingest.raw_tables import SOURCE_COLUMNS
from ingest.survey import (
    DR9_RELEASES,
    DR10_RELEASES,
    SWEEP_FOLDER,
    SWEEP_NAME,
    survey_root,
)
from ingest.transport import Source, TransportError, TransportSettings, open_source
from ingest.transport.interface import public_location
from ingest.transport.opening import split_file
from ingest.transport.retrying import Tries, try_again
from pixels.binary_table import (
    BinaryTable,
    Column,
    arrow_column,
    arrow_schema,
    missing_columns,
    open_table,
    record_batches,
)
from store.failures import CommandError, FileRefused

ACCEPTED_RELEASES = DR9_RELEASES | DR10_RELEASES


def read_sweep(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a sweep file, with the columns kept, in chunks.

    Yields
    ------
    pa.RecordBatch
        Some rows, with `SOURCE_COLUMNS` in the units of the survey.

    Raises
    ------
    FileRefused, FitsError
        When the file is cut short, of another release, or lacks columns.
    """
    table = open_table(path)
    columns = _columns_of_release(table)
    for batch in record_batches(table, columns):
        _refuse_other_releases(batch.column("release").to_numpy(zero_copy_only=False))
        yield batch


def _columns_of_release(table: BinaryTable) -> list[Column]:
    """Return the columns that the file must have; DR9 has no i band."""
    release = _first_release(table)
    lacks_i = release is None or release in DR9_RELEASES
    columns = [replace(c, is_optional=c.is_optional and lacks_i) for c in SOURCE_COLUMNS]
    missing = missing_columns(table, columns)
    if missing:
        kind = "no RELEASE column" if release is None else f"RELEASE {release}"
        raise FileRefused(
            "missing_columns",
            f"{kind}, expected {_releases()}; {len(missing)} columns are missing: "
            + ", ".join(missing),
        )
    return columns


def _first_release(table: BinaryTable) -> int | None:
    """Return the RELEASE of the first row, None without one."""
    name = table.names().get("release")
    if name is None or table.n_rows == 0:
        return None
    first = arrow_column(table.rows(0, 1)[name], Column("release", "smallint"), table.form(name))
    release: int | None = first[0].as_py()
    return release


def _refuse_other_releases(releases: np.ndarray) -> None:
    """Refuse rows of releases that are not accepted."""
    others = sorted(set(np.unique(releases).tolist()) - ACCEPTED_RELEASES)
    if others:
        raise FileRefused("wrong_release", f"RELEASE {others} in the file, expected {_releases()}")


def _releases() -> str:
    """Return the accepted releases in words."""
    return "one of " + ", ".join(map(str, sorted(ACCEPTED_RELEASES)))


SWEEPS = Destination(
    "sweeps",
    "raw_sources",
    arrow_schema(SOURCE_COLUMNS),
    read_sweep,
    lambda name: SWEEP_NAME.fullmatch(name) is not None,
    "legacysurvey_dr10_south_sweep_10.1.sha256sum",
)


def sweep_files(location: str, match: str, settings: TransportSettings) -> tuple[Source, list[str]]:
    """Return the sweep files of a root or folder, or the one file named.

    Raises
    ------
    CommandError
        When there are none.
    """
    if one := split_file(location, (".fits",)):
        return open_source(one[0], settings), [one[1]]
    source = open_source(location, settings)
    for folder in (SWEEP_FOLDER, ""):
        names = [n for n in _names_or_none(source, folder) if n.endswith(".fits")]
        names = [n for n in names if n.startswith("sweep-") and fnmatch(n, match)]
        if names:
            return source, [f"{folder}/{name}" if folder else name for name in names]
    raise CommandError(
        f"no sweep files like {match} at {location}: give the survey's root (with {SWEEP_FOLDER}/), "
        "a folder of sweep files, or one file; 'python -m ingest mock' makes a small survey"
    )


def _names_or_none(source: Source, folder: str) -> list[str]:
    """List a folder; without it return an empty list.

    Raises
    ------
    CommandError
        When the folder cannot be listed: a server that is down may well have files.
    """
    try:
        return try_again(lambda: source.names(folder), source.settings, Tries())
    except TransportError as error:
        if error.reason_code == "not_found":
            return []
        raise CommandError(f"{public_location(source.root)} cannot be listed: {error}") from error


def sweeps(
    context: typer.Context,
    source: SourceOption = None,
    match: Annotated[
        str, typer.Option(help="Take only files whose name fits, e.g. 'sweep-00*'.")
    ] = "*",
    force: Force = False,
    forget: Forget = None,
) -> None:
    """Take sweep catalogues into raw_sources.

    Reads every sweep file (DR10 layout, RELEASE 10000 or 10002; DR9 too, its i band null) of the
    survey in bounded chunks. A file that was taken before and has not changed is skipped; the rows
    of one that has changed are replaced. A file that cannot be used is a row of raw_outcomes with
    the reason, and the others are still taken.
    """
    if forget is not None:
        forget_file(SWEEPS, forget, source)
        return
    files, paths = sweep_files(survey_root(source), match, context.obj)
    run_catalogue_command(files, paths, SWEEPS, force=force)
