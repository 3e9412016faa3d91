"""Lists of known lenses into ``raw_known_lenses``: lenscat's CSV, and any CSV with name, ra, dec."""

import csv
import logging
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, TextIO

import astropy.units as u
import duckdb
import pyarrow as pa
import typer
from astropy.coordinates import Angle

from ingest.catalogues.files import Destination
from ingest.catalogues.run import Force, SourceOption, open_lake, run_catalogue_command
from ingest.outcomes import forget_outcome
from ingest.raw_tables import LENS_COLUMNS, delete_rows
from ingest.survey import KNOWN_LENSES, survey_root
from ingest.transport.network import opened
from pixels.binary_table import arrow_schema
from store.failures import CommandError, FileRefused
from store.lake import how_to_look, transaction

log = logging.getLogger(__name__)

SPELLINGS = {
    "name": ("name", "id", "lens", "system"),
    "ra": ("ra", "ra_deg", "raj2000", "_raj2000"),
    "dec": ("dec", "dec_deg", "decl", "dej2000", "_dej2000"),
    "zlens": ("zlens", "z_lens", "zl", "z_spec"),
    "type": ("type", "kind"),
    "grading": ("grading", "grade"),
    "ref": ("ref", "reference", "references", "bibcode"),
}
NEEDED = ("name", "ra", "dec")

# Catalogues of galaxy clusters that lenscat carries whole. Their members are no galaxy-scale
# lenses, although most are typed "galaxy" there.
CLUSTER_LISTS = (
    "10.1086/423038",  # Lopes et al. 2004, northern sky optical cluster survey
    "astro-ph/0406123",  # the same
    "astro-ph/0106055",  # Gonzalez et al. 2001, Las Campanas distant cluster survey
    "10.1086/191426",  # Gioia et al. 1990, Einstein medium sensitivity survey
    "astro-ph/0405546",  # Boehringer et al. 2004, REFLEX
    "astro-ph/0003219",  # Boehringer et al. 2000, NORAS
    "astro-ph/9812394",  # Ebeling et al. 1998, ROSAT brightest cluster sample
    "astro-ph/0003191",  # Ebeling et al. 2000, its extension
    "arXiv:0411075",  # Gladders et al. 2005, red-sequence cluster survey
    "astro-ph/0609815",  # Olsen et al. 2006, distant clusters in the CFHTLS
    "astro-ph/0403354",  # Popesso et al. 2004, RASS-SDSS galaxy clusters
    "1002.2226",  # Menanteau et al. 2010, southern cosmology survey clusters
)
CHUNK_ROWS = 10_000


def read_lenses(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a lens list, positions in degrees or null.

    Raises
    ------
    FileRefused
        When it is no CSV (or tab-separated) file with name, ra and dec, has no row, or most of its
        rows have no position: a lens without one protects no host and no negative.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            yield from _batches(_rows(file))
        except csv.Error as error:
            raise FileRefused("unreadable", f"no CSV file: {error}") from error


def _rows(file: TextIO) -> Iterator[dict[str, str]]:
    head = file.readline()
    file.seek(0)
    reader = csv.reader(file, delimiter="\t" if "\t" in head else ",")
    places = column_places(next(reader, []))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield {
                name: cells[place].strip() for name, place in places.items() if place < len(cells)
            }


def column_places(header: list[str]) -> dict[str, int]:
    """Return where our columns are in a header, by any of their spellings.

    Raises
    ------
    FileRefused
        ``missing_columns`` when name, ra or dec is not there.
    """
    found = [re.sub(r"\s*[\[(].*[\])]", "", cell).strip().lower() for cell in header]
    places = {}
    for name, spellings in SPELLINGS.items():
        for spelling in spellings:
            if spelling in found:
                places[name] = found.index(spelling)
                break
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise FileRefused(
            "missing_columns",
            f"a lens list needs columns name, ra and dec; {', '.join(missing)} not among: "
            + ", ".join(cell[:40] for cell in header[:30]),
        )
    return places


def _batches(rows: Iterator[dict[str, str]]) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema(LENS_COLUMNS)
    chunk: list[dict[str, object]] = []
    n_rows, n_unplaced = 0, 0
    for index, row in enumerate(rows):
        chunk.append(lens_row(row) | {"row_index": index})
        n_rows, n_unplaced = n_rows + 1, n_unplaced + (chunk[-1]["ra"] is None)
        if len(chunk) == CHUNK_ROWS:
            yield pa.RecordBatch.from_pylist(chunk, schema)
            chunk = []
    yield pa.RecordBatch.from_pylist(chunk, schema)
    _judge_positions(n_rows, n_unplaced)


def _judge_positions(n_rows: int, n_unplaced: int) -> None:
    """Refuse a list with hardly any positions; warn of missing ones."""
    if n_rows == 0:
        raise FileRefused("unreadable", "no lens in the list: nothing below its header")
    without = f"{n_unplaced} of {n_rows} lenses have no position that can be read"
    asked = (
        "right ascension of -180 to 360 degrees or in hours as 12:34:56, declination of -90 to 90"
    )
    if 2 * n_unplaced > n_rows:
        raise FileRefused("unreadable", f"{without}: {asked} is expected")
    if n_unplaced > 0:
        log.warning("%s and protect no galaxy: %s is expected", without, asked)


def lens_row(row: Mapping[str, str]) -> dict[str, object]:
    """Return a row of ``raw_known_lenses`` without its provenance."""
    ra, dec = degrees(row.get("ra", ""), u.hourangle), degrees(row.get("dec", ""), u.deg)
    is_on_sky = ra is not None and dec is not None and -180 <= ra <= 360 and -90 <= dec <= 90
    texts = {name: row.get(name) or None for name in ("name", "zlens", "type", "grading", "ref")}
    return texts | {
        "ra": ra % 360.0 if is_on_sky and ra is not None else None,
        "dec": dec if is_on_sky else None,
        "is_cluster_list": is_cluster_list(row.get("ref", "")),
    }


def degrees(text: str, sexagesimal_unit: u.Unit) -> float | None:
    """Return an angle in degrees from decimal or sexagesimal text, or None."""
    try:
        value = float(text)
    except ValueError:
        try:
            value = Angle(text, unit=sexagesimal_unit).deg
        except (ValueError, TypeError, IndexError, u.UnitsError):
            return None
    return value if math.isfinite(value) else None


def is_cluster_list(references: str) -> bool:
    """Tell whether every reference of a row is a catalogue of clusters."""
    parts = [part.strip() for part in references.split("|") if part.strip()]
    return bool(parts) and all(any(key in part for key in CLUSTER_LISTS) for part in parts)


LENSES = Destination("lenses", "raw_known_lenses", arrow_schema(LENS_COLUMNS), read_lenses)


Forget = Annotated[
    str | None,
    typer.Option(metavar="LIST", help="Remove a list, named as source_file in raw_known_lenses."),
]


def lenses(
    context: typer.Context,
    source: SourceOption = None,
    force: Force = False,
    forget: Forget = None,
) -> None:
    """Take lists of known lenses into raw_known_lenses, or out of it.

    Reads known_lenses.csv of the survey, or the CSV or tab-separated file that --source names:
    lenscat's catalogue, or any with columns name, ra and dec (decimal degrees, or sexagesimal with
    hours in right ascension). Every row is kept, unless most have no position: then the list is
    refused. Staging joins those within 2 arcsec and keeps all their names and references. Rows
    known only from catalogues of clusters are marked.
    """
    if forget is not None:
        if source is not None:
            raise CommandError("lenses takes either --source or --forget LIST")
        _forget_in_lake(forget)
        return
    location = survey_root(source)
    is_file = location.lower().endswith((".csv", ".tsv", ".txt"))
    folder, _, name = location.rpartition("/")
    files = opened(context, (folder or ".") if is_file else location)
    run_catalogue_command(files, [name if is_file else KNOWN_LENSES], LENSES, force=force)


def _forget_in_lake(name: str) -> None:
    with closing(open_lake(must_exist=True)) as connection:
        typer.echo(f"lenses: {forget_lenses(connection, name)} of {name} removed")
    typer.echo(how_to_look("select source_file, count(*) from raw_known_lenses group by all"))


def forget_lenses(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Remove a lens list from the lake, so that it can be taken again.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the lake attached and in use, and its raw tables made.
    name : str
        Of the file, as the lake has it.

    Returns
    -------
    int
        Rows removed; 0 for a list that had been refused.

    Raises
    ------
    CommandError
        When the lake has no such list; it names those that it has.
    """
    known = _lists(connection)
    if name not in known:
        there = f"only {', '.join(known)}" if known else "nor any other"
        raise CommandError(f"the lake has no lens list {name!r}, {there}")
    with transaction(connection):
        n_rows = delete_rows(connection, LENSES.table, name)
        forget_outcome(connection, LENSES.product, name)
    return n_rows


def _lists(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the sorted names of the lists that were taken or refused."""
    rows = connection.execute(
        f"select source_file from {LENSES.table} union"
        " select file_name from raw_outcomes where product = ? order by all",
        [LENSES.product],
    )
    return [name for (name,) in rows.fetchall()]
