"""The survey's brick table into ``raw_bricks``."""

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
from ingest.raw_tables import BRICK_COLUMNS
from ingest.survey import BRICK_TABLE, survey_root
from ingest.transport.network import opened
from ingest.transport.opening import split_file
from pixels.binary_table import arrow_schema, missing_columns, open_table, record_batches
from pixels.cards import map_file, read_hdus
from store import lake
from store.failures import FileRefused

GZIP_MAGIC = b"\x1f\x8b"
MAX_UNPACKED_BYTES = 4 << 30  # the real table unpacks to about 0.15 GB
PIECE_BYTES = 1 << 20
# `pipeline` comes from the header (LEGPIPEV): null in DR10, EMBEDDED in the embedded survey.
BRICK_SCHEMA = arrow_schema(BRICK_COLUMNS).append(pa.field("pipeline", pa.string()))


def read_bricks(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a brick table, gzipped or plain, in chunks.

    Yields
    ------
    pa.RecordBatch
        Some rows, with the columns of `BRICK_SCHEMA` in the units of the survey.

    Raises
    ------
    FileRefused, FitsError
        When the file is cut short or lacks columns.
    """
    with unpacked(path) as plain:
        table = open_table(plain)
        missing = missing_columns(table, BRICK_COLUMNS)
        if missing:
            raise FileRefused(
                "missing_columns",
                f"not a survey-bricks-dr10-south table: {len(missing)} columns are missing: "
                + ", ".join(missing),
            )
        pipeline = read_hdus(map_file(plain))[0].text("LEGPIPEV") or None
        for batch in record_batches(table, BRICK_COLUMNS):
            column = pa.array([pipeline] * batch.num_rows, pa.string())
            yield pa.RecordBatch.from_arrays([*batch.columns, column], schema=BRICK_SCHEMA)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the path of the file, unpacked if it is gzipped."""
    with path.open("rb") as file:
        is_gzipped = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    if not is_gzipped:
        yield path
        return
    lake.cache_root().mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix="incoming-", dir=lake.cache_root()) as plain:
        with gzip.open(path) as packed:
            _unpack(packed, plain)
        plain.flush()
        yield Path(plain.name)


def _unpack(packed: gzip.GzipFile, plain: IO[bytes]) -> None:
    """Unpack a file; refuse one that is broken or absurdly large."""
    try:
        while piece := packed.read(PIECE_BYTES):
            plain.write(piece)
            if plain.tell() > MAX_UNPACKED_BYTES:
                raise FileRefused("absurd_size", f"unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused("file_truncated", f"the gzip stream is broken: {error}") from error


BRICKS = Destination(
    "bricks",
    "raw_bricks",
    BRICK_SCHEMA,
    read_bricks,
    checksum_list="legacysurvey_dr10_south.sha256sum",
)


def bricks(
    context: typer.Context,
    source: SourceOption = None,
    force: Force = False,
    forget: Forget = None,
) -> None:
    """Take the survey's brick table into raw_bricks.

    Reads survey-bricks-dr10-south.fits.gz of the survey, or the file that --source names. One that
    was taken before and has not changed is skipped.
    """
    if forget is not None:
        forget_file(BRICKS, forget, source)
        return
    location = survey_root(source)
    folder, name = split_file(location, (".fits", ".fits.gz")) or (location, BRICK_TABLE)
    run_catalogue_command(opened(context, folder), [name], BRICKS, force=force)
