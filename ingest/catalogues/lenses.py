"""Lists of known lenses into ``raw_known_lenses``.

A list is any table with name, ra and dec.
"""

import csv
import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import astropy.units as u
import pyarrow as pa
import typer
from astropy.coordinates import Angle

from ingest.catalogues.files import Destination
from ingest.catalogues.list_formats import ListedRows, read_list, shown
from ingest.catalogues.run import (
    Force,
    Forget,
    SourceOption,
    forget_file,
    run_catalogue_command,
)
from ingest.raw_tables import LENS_COLUMNS
from ingest.survey import KNOWN_LENSES, survey_root
from ingest.transport.network import opened
from ingest.transport.opening import split_file
from pixels.binary_table import arrow_schema
from store.failures import FileRefused

log = logging.getLogger(__name__)

SPELLINGS = {
    "name": ("name", "id", "lens", "system", "lens_name", "lensname", "target_name", "object"),
    "ra": ("ra", "ra_deg", "radeg", "raj2000", "_raj2000", "ra_j2000", "ra_icrs", "target_ra"),
    "dec": (
        "dec",
        "dec_deg",
        "decl",
        "dedeg",
        "decdeg",
        "dej2000",
        "_dej2000",
        "dec_j2000",
        "de_icrs",
        "target_dec",
    ),
    "zlens": ("zlens", "z_lens", "zl", "z_spec"),
    "type": ("type", "kind"),
    "grading": ("grading", "grade"),
    "ref": ("ref", "reference", "references", "bibcode"),
}
NEEDED = ("name", "ra", "dec")
POSITION_NAMES = frozenset({*SPELLINGS["ra"], *SPELLINGS["dec"]})
ENDINGS = tuple(
    f".{kind}{packed}"
    for kind in ("csv", "tsv", "txt", "dat", "ecsv", "fits", "fit", "vot", "votable", "xml")
    for packed in ("", ".gz")
)

# The units of angles as headers spell them; "hms" and "dms" tell how text is written
UNITS = {
    **dict.fromkeys(("deg", "degs", "degree", "degrees", "\u00b0", "d"), "deg"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "hourangle"), "hour"),
    **dict.fromkeys(("rad", "rads", "radian", "radians"), "rad"),
}
NO_UNITS = (
    "j2000",
    "icrs",
    "hms",
    "dms",
    "h:m:s",
    "d:m:s",
    "hh:mm:ss",
    "dd:mm:ss",
    "fk5",
    "j2000.0",
)
DEGREES_IN = {"": 1.0, "deg": 1.0, "hour": 15.0, "rad": math.degrees(1.0)}
_IN_BRACKETS = re.compile(r"\s*[\[(]([^\])]*)[\])]")

# Catalogues of galaxy clusters that lenscat includes whole. Their members are not galaxy-scale
# lenses, although lenscat gives most of them the type "galaxy".
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
N_RULED = 2  # rows that VizieR puts under the names: the units, and dashes


def read_lenses(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield every row of a lens list, with coordinates in degrees.

    Coordinates that cannot be read are null.

    Yields
    ------
    pa.RecordBatch
        Some rows, with `LENS_COLUMNS`; ra and dec in degrees.

    Raises
    ------
    FileRefused
        When the file is not a list with name, ra and dec in known units, has no rows, or has no
        position in most of them: a lens without one protects no host and no negative.
    """
    listed = read_list(path, POSITION_NAMES)
    try:
        yield from _batches(_rows(listed))
    except csv.Error as error:
        raise FileRefused("unreadable", f"not a CSV file: {error}") from error


def _rows(listed: ListedRows) -> Iterator[dict[str, str]]:
    """Yield the cells of each row that are kept, and the units of its angles."""
    places = column_places(listed.names)
    units = _angle_units(listed, places)
    for number, cells in enumerate(listed.rows):
        row = {name: cells[place] for name, place in places.items() if place < len(cells)}
        if number < N_RULED and _is_ruled(row):
            for name in ("ra", "dec"):
                units[name] = _unit_of(name, row.get(name, "")) or units[name]
            continue
        yield row | {f"{name}_unit": unit for name, unit in units.items()}


def _is_ruled(row: Mapping[str, str]) -> bool:
    """Tell whether a row holds units or dashes instead of values."""
    cells = [row.get(name, "").strip('"').lower() for name in ("ra", "dec")]
    is_ruler = all(len(cell) > 1 and not cell.strip("-") for cell in cells)
    return is_ruler or all(cell in UNITS or cell in NO_UNITS for cell in cells)


def column_places(header: Sequence[str]) -> dict[str, int]:
    """Find our columns in a header, by any of their spellings.

    Raises
    ------
    FileRefused
        ``missing_columns`` when name, ra or dec is not there.
    """
    found = [_IN_BRACKETS.sub("", cell).strip().lower() for cell in header]
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
            f"a lens list needs columns name, ra and dec; no {', '.join(missing)} among: "
            + ", ".join(shown(cell) for cell in header[:30]),
        )
    return places


def _angle_units(listed: ListedRows, places: Mapping[str, int]) -> dict[str, str]:
    """Return the units of ra and dec: deg, hour, rad, or empty."""
    units = {}
    for name in ("ra", "dec"):
        place = places[name]
        in_brackets = _IN_BRACKETS.search(listed.names[place])
        units[name] = _unit_of(name, in_brackets.group(1) if in_brackets else listed.units[place])
    return units


def _unit_of(column: str, text: str) -> str:
    """Return the unit that a header names, in our spelling.

    Raises
    ------
    FileRefused
        ``wrong_unit`` for an unknown unit, and for declination in hours.
    """
    text = text.strip().strip('"').lower()
    if text.strip("-") == "" or text in NO_UNITS:
        return ""
    unit = UNITS.get(text)
    if unit is None or (unit == "hour" and column == "dec"):
        raise FileRefused(
            "wrong_unit",
            f"{column} is in {shown(text)!r}: use degrees, radians, hours (ra only) or sexagesimal "
            "text",
        )
    return unit


def _batches(rows: Iterator[dict[str, str]]) -> Iterator[pa.RecordBatch]:
    """Yield rows in chunks; refuse a list with hardly any positions."""
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
        "right ascension from -180 to 360 degrees or in hours (12:34:56), "
        "declination from -90 to 90"
    )
    if 2 * n_unplaced > n_rows:
        raise FileRefused("unreadable", f"{without}: {asked} is expected")
    if n_unplaced > 0:
        log.warning("%s and protect no galaxy: %s is expected", without, asked)


def lens_row(row: Mapping[str, str]) -> dict[str, object]:
    """Return a row of ``raw_known_lenses`` without its provenance."""
    ra = degrees(row.get("ra", ""), row.get("ra_unit", ""), u.hourangle)
    dec = degrees(row.get("dec", ""), row.get("dec_unit", ""), u.deg)
    is_on_sky = ra is not None and dec is not None and -180 <= ra <= 360 and -90 <= dec <= 90
    texts = {name: row.get(name) or None for name in ("name", "zlens", "type", "grading", "ref")}
    return texts | {
        "ra": ra % 360.0 if is_on_sky and ra is not None else None,
        "dec": dec if is_on_sky else None,
        "is_cluster_list": is_cluster_list(row.get("ref", "")),
    }


def degrees(text: str, unit: str, sexagesimal_unit: u.Unit) -> float | None:
    """Convert an angle to degrees; return None for any other text.

    Parameters
    ----------
    text : str
        A decimal number, or sexagesimal.
    unit : str
        As the list names it: deg, hour or rad; empty when it names none.
    sexagesimal_unit : astropy unit
        Of sexagesimal text in a list that names no unit.
    """
    try:
        value = float(text) * DEGREES_IN[unit]
    except ValueError:
        try:
            named = {"deg": u.deg, "hour": u.hourangle}.get(unit, sexagesimal_unit)
            value = Angle(text, unit=named).deg
        except (ValueError, TypeError, IndexError, u.UnitsError):
            return None
    return value if math.isfinite(value) else None


def is_cluster_list(references: str) -> bool:
    """Tell whether every reference of a row is a catalogue of clusters."""
    parts = [part.strip() for part in references.split("|") if part.strip()]
    return bool(parts) and all(any(key in part for key in CLUSTER_LISTS) for part in parts)


LENSES = Destination("lenses", "raw_known_lenses", arrow_schema(LENS_COLUMNS), read_lenses)


def lenses(
    context: typer.Context,
    source: SourceOption = None,
    force: Force = False,
    forget: Forget = None,
) -> None:
    """Take lists of known lenses into raw_known_lenses, or out of it.

    Reads known_lenses.csv of the survey, or the file that --source names: CSV, TSV, FITS, VOTable or
    ECSV, gzipped or not, with columns name, ra and dec (decimal degrees, another unit named in the
    header, or sexagesimal with hours of right ascension). Every row is kept, unless most have no
    position: then the list is refused. Staging joins those within 2 arcsec and keeps all their
    names and references. Rows known only from catalogues of clusters are marked.
    """
    if forget is not None:
        forget_file(LENSES, forget, source)
        return
    location = survey_root(source)
    folder, name = split_file(location, ENDINGS) or (location, KNOWN_LENSES)
    run_catalogue_command(opened(context, folder), [name], LENSES, force=force)
