"""Stamp files: read back by three readers, and none left where the disk is full."""

import errno
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from injection import part_files
from injection.brick_job import BrickBatch
from injection.part_files import StampFiles, stamps_path
from tests.support.systems import stage_settings

FULL_DISK = Path("/dev/full")
EXPERIMENT, PART = "train", "part"
SCHEMA = pa.schema(
    [
        ("render_id", pa.string()),
        ("stamp_size", pa.int32()),
        ("bandset", pa.string()),
        ("part_id", pa.string()),
        ("pixels", pa.list_(pa.float32())),
    ]
)


def batch(name, n, stamps, refused=()):
    """A batch of n renders, whose stamps one experiment wants; some of them no good."""
    ids = [f"{name}/é{i}" for i in range(n)]
    wanted = [{"experiment_id": EXPERIMENT, "stamp_size": size} for size in stamps]
    kind = pl.List(pl.Struct({"experiment_id": pl.String, "stamp_size": pl.Int32}))
    renders = pl.DataFrame({"render_id": ids, "bandset": ["grz"] * n})
    rows = {
        "render_id": np.repeat(ids, len(stamps)),
        "stamp_size": list(stamps) * n,
        "cutout_ok": [i not in refused for i in range(n) for _ in stamps],
    }
    return BrickBatch(
        renders.with_columns(experiments=pl.lit(wanted, dtype=kind)),
        pl.DataFrame(rows, schema_overrides={"stamp_size": pl.Int32}),
        stamps,
    )


def noise(n, n_band, size):
    """Noise, with the values that are no ordinary numbers among it."""
    pixels = np.random.default_rng(n).normal(size=(n, n_band, size, size)).astype(np.float32)
    pixels.flat[:4] = [np.nan, -np.inf, -0.0, 1e-45]
    return pixels


def published(lake, batches):
    """Path of the one file that holds the stamps of these batches."""
    files = StampFiles(PART, lake, stage_settings("nowhere"))
    for each in batches:
        files.write(each)
    assert files.publish() == [EXPERIMENT]
    path = stamps_path(lake, PART, EXPERIMENT)
    assert [path] == [each for each in lake.rglob("*") if each.is_file()]
    assert files.n_bytes == path.stat().st_size
    return path


def by_pyarrow(path):
    """Rows as pyarrow reads them."""
    table = pq.ParquetFile(path).read()
    assert table.schema.equals(SCHEMA)
    return zip(*(table[name].to_pylist() for name in table.column_names), strict=True)


def by_duckdb(path):
    """Rows as DuckDB reads them, the pixels a FLOAT[]."""
    query = f"from read_parquet('{path}', hive_partitioning => false)"
    assert duckdb.sql(f"select typeof(pixels) {query}").fetchone() == ("FLOAT[]",)
    return duckdb.sql(query).fetchall()


def by_polars(path):
    """Rows as polars reads them."""
    frame = pl.read_parquet(path, hive_partitioning=False)
    assert frame.schema["pixels"] == pl.List(pl.Float32)
    return frame.iter_rows()


@pytest.mark.parametrize("reader", [by_pyarrow, by_duckdb, by_polars])
def test_good_stamps_are_read_back_bit_for_bit(tmp_path, reader):
    """Sizes differ within a batch, and not all stamps of each are wanted."""
    stamps = [{1: noise(1, 4, 1)}, {8: noise(17, 3, 8), 64: noise(17, 3, 64)}]
    refused = (1, 16)
    path = published(tmp_path, [batch("a", 1, stamps[0]), batch("b", 17, stamps[1], refused)])
    expected = [("a/é0", 1, "grz", PART, stamps[0][1][0])]
    for size, pixels in stamps[1].items():
        good = [i for i in range(17) if i not in refused]
        expected += [(f"b/é{i}", size, "grz", PART, pixels[i]) for i in good]
    read = list(reader(path))
    assert [row[:4] for row in read] == [row[:4] for row in expected]
    for row, (*_, pixels) in zip(read, expected, strict=True):
        assert np.array(row[4], np.float32).tobytes() == pixels.tobytes()


def test_stamps_are_found_by_the_minima_and_maxima_of_the_groups(tmp_path):
    path = published(tmp_path, [batch(k, 4, {4 + k: noise(4, 1, 4 + k)}) for k in range(2)])
    group = pq.read_metadata(path).row_group(1)
    limits = [(group.column(k).statistics.min, group.column(k).statistics.max) for k in (0, 1, 3)]
    assert limits == [("1/é0", "1/é3"), (5, 5), (PART, PART)]
    assert not group.column(4).is_stats_set


def test_pixels_are_not_copied_when_all_are_wanted():
    stamps = noise(3, 1, 4)
    assert part_files._chosen(stamps, np.arange(3)) is stamps
    for index in ([0, 1], [2, 1, 0], [0, 1, 2, 2], []):
        chosen = part_files._chosen(stamps, np.array(index, dtype=np.int64))
        assert chosen.tobytes() == stamps[index].tobytes()


def test_what_is_not_published_is_removed(tmp_path):
    files = StampFiles(PART, tmp_path, stage_settings("nowhere"))
    files.write(batch("a", 3, {8: noise(3, 3, 8)}))
    assert len(list(tmp_path.rglob("*.partial"))) == 1
    files.discard()
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.skipif(not FULL_DISK.exists(), reason="needs Linux's device that is always full")
def test_a_full_disk_is_told_by_the_write_and_leaves_nothing(tmp_path, monkeypatch):
    link = tmp_path / "full"
    link.symlink_to(FULL_DISK)
    monkeypatch.setattr(part_files, "temporary_path", lambda _: link)
    files = StampFiles(PART, tmp_path, stage_settings("nowhere"))
    with pytest.raises(OSError, match="No space left") as raised:
        files.write(batch("a", 1, {64: noise(1, 3, 64)}))
    assert raised.value.errno == errno.ENOSPC
    files.discard()
    assert not list(tmp_path.iterdir())


@contextmanager
def room(n_bytes):
    """No file grows beyond so many bytes: stands in for a disk that fills up half-way."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_without_room_for_all_pixels_leaves_nothing(tmp_path):
    files = StampFiles(PART, tmp_path, stage_settings("nowhere"))
    with room(100_000), pytest.raises(OSError, match="too large"):
        files.write(batch("a", 9, {64: noise(9, 3, 64)}))
    files.discard()
    assert not list(tmp_path.rglob("*.*"))


def test_a_disk_without_room_for_the_end_of_a_file_leaves_nothing(tmp_path):
    files = StampFiles(PART, tmp_path, stage_settings("nowhere"))
    files.write(batch("a", 9, {64: noise(9, 3, 64)}))
    with room(100_000):
        with pytest.raises(OSError, match="too large"):
            files.publish()
        files.discard()
    assert not list(tmp_path.rglob("*.*"))


def test_giving_up_on_a_full_disk_is_no_second_error(tmp_path):
    files = StampFiles(PART, tmp_path, stage_settings("nowhere"))
    files.write(batch("a", 9, {64: noise(9, 3, 64)}))
    with room(100_000):
        files.discard()
    assert not list(tmp_path.rglob("*.*"))
