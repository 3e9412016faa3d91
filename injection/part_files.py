"""Part files: the stamps of whole bricks, and their metric rows.

The rows are written last, so that no part without its stamps has them.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from injection.brick_job import BrickBatch, inject_brick
from injection.plan import Part
from injection.runs import Done
from injection.settings import StageSettings
from store.files import publish, remove_leftovers, temporary_path, written_whole

STAMPS_FOLDER = "stamps"
ROWS_FOLDER = "injection_rows"
METADATA_KEY = b"stamp_files"

STAMP_SCHEMA = pa.schema(
    [
        ("render_id", pa.string()),
        ("stamp_size", pa.int32()),
        ("bandset", pa.string()),
        ("part_id", pa.string()),
        ("pixels", pa.list_(pa.float32())),
    ]
)


def rows_path(lake: Path, part_id: str) -> Path:
    """Return where the metric rows of a part are."""
    return lake / ROWS_FOLDER / f"part-{part_id}.parquet"


def stamps_path(lake: Path, part_id: str, experiment_id: str) -> Path:
    """Return where the stamps of a part are for one experiment."""
    return lake / STAMPS_FOLDER / f"experiment_id={experiment_id}" / f"part-{part_id}.parquet"


def is_complete(lake: Path, part_id: str) -> bool:
    """Tell whether a part's rows and all of their stamp files are there."""
    path = rows_path(lake, part_id)
    if not path.exists():
        return False
    metadata = pq.read_schema(path).metadata or {}
    experiments = json.loads(metadata.get(METADATA_KEY, b"[]"))
    return all(stamps_path(lake, part_id, experiment).exists() for experiment in experiments)


def write_part(part: Part, settings: StageSettings, lake: Path) -> Done:
    """Inject the renders of a part and write its files, rows last."""
    stamps = StampFiles(part.part_id, lake, settings)
    rows: list[pl.DataFrame] = []
    try:
        for brick in part.renders.partition_by("brickname", "bandset", maintain_order=True):
            for batch in inject_brick(brick, settings):
                rows.append(batch.rows)
                stamps.write(batch)
        experiments = stamps.publish()
    finally:
        stamps.discard()
    table = pl.concat(rows).with_columns(part_id=pl.lit(part.part_id)).to_arrow()
    metadata = {METADATA_KEY: json.dumps(experiments)}
    with written_whole(rows_path(lake, part.part_id)) as path:
        pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd")
    return Done(len(part.renders), stamps.n_stamps, stamps.n_bytes)


class StampFiles:
    """The stamp files of one part, one per experiment.

    They stay open until they are published.

    Parameters
    ----------
    part_id : str
    lake : Path
    settings : StageSettings
    """

    def __init__(self, part_id: str, lake: Path, settings: StageSettings) -> None:
        self.part_id, self.lake, self.settings = part_id, lake, settings
        self.paths: dict[str, Path] = {}
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.n_stamps = self.n_bytes = 0

    def write(self, batch: BrickBatch) -> None:
        """Write the good stamps of a batch, for every experiment that wants them."""
        if self.settings.metrics_only:
            return
        for experiment, size, index in _stamps_wanted(batch):
            self._writer(experiment).write_table(self._table(batch, size, index))
            self.n_stamps += len(index)

    def publish(self) -> list[str]:
        """Give the files their names; return their experiments."""
        for experiment, writer in self.writers.items():
            writer.close()
            path = self.paths[experiment]
            self.n_bytes += path.stat().st_size
            publish(path, stamps_path(self.lake, self.part_id, experiment))
        return sorted(self.writers)

    def discard(self) -> None:
        """Remove what was not published."""
        for writer in self.writers.values():
            with suppress(OSError):  # the end of a file may not fit on a full disk
                writer.close()
        for path in self.paths.values():
            path.unlink(missing_ok=True)

    def _writer(self, experiment: str) -> pq.ParquetWriter:
        """Return the open file of an experiment; open it on the first call."""
        if experiment not in self.writers:
            final = stamps_path(self.lake, self.part_id, experiment)
            path = self.paths[experiment] = temporary_path(final)
            self.writers[experiment] = pq.ParquetWriter(
                path,
                STAMP_SCHEMA,
                compression="none",  # docs/decisions/stamps_are_not_compressed.md
                use_dictionary=["bandset", "part_id", "stamp_size"],
                write_statistics=["render_id", "part_id", "stamp_size"],
            )
        return self.writers[experiment]

    def _table(self, batch: BrickBatch, size: int, index: np.ndarray) -> pa.Table:
        """Return the chosen stamps of a batch as rows of the stamp file."""
        pixels = _chosen(batch.stamps[size], index)
        n, n_values = len(index), int(np.prod(pixels.shape[1:]))
        offsets = pa.array(np.arange(n + 1, dtype=np.int32) * n_values)
        renders = batch.renders[index]
        columns = [
            renders["render_id"].to_arrow().cast(pa.string()),
            pa.array(np.full(n, size, dtype=np.int32)),
            renders["bandset"].to_arrow().cast(pa.string()),
            pa.array([self.part_id] * n),
            pa.ListArray.from_arrays(offsets, pa.array(pixels.ravel())),
        ]
        return pa.Table.from_arrays(columns, schema=STAMP_SCHEMA)


def _chosen(stamps: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return some stamps of a batch, without a copy if they are all."""
    return stamps if np.array_equal(index, np.arange(len(stamps))) else stamps[index]


def _stamps_wanted(batch: BrickBatch) -> Iterator[tuple[str, int, np.ndarray]]:
    """Yield experiment, size and render indices of the stamps to write."""
    good = batch.rows.filter("cutout_ok").select("render_id", "stamp_size")
    wanted = (
        batch.renders.select("render_id", "experiments")
        .with_row_index("index")
        .explode("experiments")
        .unnest("experiments")
        .join(good, on=["render_id", "stamp_size"], how="semi")
        .sort("experiment_id", "stamp_size", "index")
    )
    for (experiment, size), group in wanted.group_by(
        "experiment_id", "stamp_size", maintain_order=True
    ):
        yield str(experiment), int(size), group["index"].to_numpy()


def remove_part_leftovers(lake: Path) -> None:
    """Remove the temporary files that a killed run of the stage left."""
    for folder in (ROWS_FOLDER, STAMPS_FOLDER):
        remove_leftovers(lake / folder)
