"""Part files of many cutouts: the table ``cutout_pixels``, never copied.

The part files are the truth: a killed run leaves whole ones, and the next run registers them.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ingest.cutouts.objects import COLUMNS, Cutout, CutoutSettings, cutout_table
from ingest.outcomes import Outcome, write_outcomes
from store import files as lake_files
from store import lake
from store.failures import CommandError
from store.lake import transaction
from store.registration import register_files

TABLE = "cutout_pixels"
FOLDER = "cutouts"
PART_CUTOUTS = 1_000  # 122 MB of 101 x 101 pixels in three bands


def part_locations() -> list[str]:
    """Return the paths or URLs of the part files."""
    folder = lake.lake_path(FOLDER)
    return [f"{folder}/{name}" for name in lake_files.folder_names(folder) if _is_part(name)]


def _is_part(name: str) -> bool:
    """Tell whether a file name is that of a part file."""
    return name.startswith("part-") and name.endswith(".parquet")


def remove_part_leftovers() -> None:
    """Remove the temporary files of a killed run; the cache must be locked."""
    is_remote = lake.is_remote(lake.lake_root())
    lake_files.remove_leftovers(
        lake_files.upload_folder() if is_remote else Path(lake.lake_path(FOLDER))
    )


def register_parts(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``cutout_pixels`` hold the rows of the part files that exist."""
    columns = {name: sql_type for name, (sql_type, _) in COLUMNS.items()}
    register_files(connection, TABLE, columns, part_locations())


def drop_parts(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove all cutouts and their outcomes."""
    with transaction(connection):
        connection.execute(f"drop table if exists {TABLE}")
        connection.execute("delete from raw_outcomes where product = 'cutouts'")
    for location in part_locations():
        lake_files.remove(location)


def refuse_other_settings(connection: duckdb.DuckDBPyConnection, settings: CutoutSettings) -> None:
    """Refuse to mix cutouts that were made with different settings."""
    others = connection.execute(
        f"select distinct cutout_origin, bands, size_pix from {TABLE} "
        "where (cutout_origin, bands, size_pix) is distinct from (?, ?, ?)",
        [settings.origin, settings.bands, settings.size],
    ).fetchall()
    if others:
        raise CommandError(
            f"{TABLE} holds other cutouts ({CutoutSettings(*others[0])}) than those asked for "
            f"({settings}): add --force to replace them all"
        )


def write_part(
    connection: duckdb.DuckDBPyConnection, cutouts: Sequence[Cutout], settings: CutoutSettings
) -> None:
    """Write a part file with the pixels of some objects, and their outcomes."""
    made = [cutout for cutout in cutouts if cutout.pixels is not None]
    if made:
        key = "\n".join([str(settings), *(cutout.object.galaxy_id for cutout in made)])
        name = f"part-{hashlib.sha256(key.encode()).hexdigest()[:16]}.parquet"
        location = f"{lake.lake_path(FOLDER)}/{name}"
        with lake_files.written_whole(location) as path:
            pq.write_table(
                cutout_table(made, settings),
                path,
                compression="zstd",
                use_dictionary=["cutout_origin", "bands", "release", "pipeline", "source"],
                use_byte_stream_split=["pixels.list.element"],
                row_group_size=256,
            )
    with transaction(connection):
        register_parts(connection)
        write_outcomes(connection, [outcome(cutout) for cutout in cutouts])


def outcome(cutout: Cutout) -> Outcome:
    """Return the outcome row of an object."""
    return Outcome(
        "cutouts",
        file_name=cutout.object.galaxy_id,
        brickname=cutout.object.brickname,
        is_ok=cutout.pixels is not None,
        reason_code=cutout.reason_code,
        message=cutout.message,
        n_bytes=None if cutout.pixels is None else cutout.pixels.nbytes,
        source=cutout.source,
    )
