"""Stamp files are Parquet like any other: read back by three readers that share no code."""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from injection import stamp_file
from injection.stamp_file import StampFile

FULL_DISK = Path("/dev/full")
SCHEMA = pa.schema(
    [
        ("render_id", pa.string()),
        ("stamp_size", pa.int32()),
        ("bandset", pa.string()),
        ("part_id", pa.string()),
        ("pixels", pa.list_(pa.float32())),
    ]
)


def stamps(n, n_band, size):
    """Noise, with the values that are no ordinary numbers among it."""
    pixels = np.random.default_rng(n).normal(size=(n, n_band, size, size)).astype(np.float32)
    pixels.flat[:3] = [np.nan, -np.inf, -0.0]
    return pixels


def write(path, groups):
    """A file of some groups; also the rows that it must hold."""
    file = StampFile(path)
    rows = []
    for k, pixels in enumerate(groups):
        n, size = len(pixels), pixels.shape[-1]
        ids = [f"{k}/é{i}" for i in range(n)]
        file.write(ids, size, ["grz"] * n, "part", pixels)
        flat = pixels.reshape(n, -1)
        rows += [(ids[i], size, "grz", "part", flat[i]) for i in range(n)]
    file.close()
    return rows


def by_pyarrow(path):
    """Rows as pyarrow reads them."""
    table = pq.read_table(path)
    assert table.schema.equals(SCHEMA)
    return zip(*(table[name].to_pylist() for name in table.column_names), strict=True)


def by_duckdb(path):
    """Rows as DuckDB reads them, the pixels a FLOAT[]."""
    query = f"from read_parquet('{path}')"
    assert duckdb.sql(f"select typeof(pixels) {query}").fetchone() == ("FLOAT[]",)
    return duckdb.sql(query).fetchall()


def by_polars(path):
    """Rows as polars reads them."""
    frame = pl.read_parquet(path)
    assert frame.schema["pixels"] == pl.List(pl.Float32)
    return frame.iter_rows()


@pytest.mark.parametrize("reader", [by_pyarrow, by_duckdb, by_polars])
@pytest.mark.parametrize("page_bytes", [1, 5000, 1_000_000], ids=["stamp", "few", "all"])
def test_what_is_written_is_read_back_bit_for_bit(tmp_path, monkeypatch, reader, page_bytes):
    monkeypatch.setattr(stamp_file, "PAGE_BYTES", page_bytes)
    path = tmp_path / "stamps.parquet"
    written = write(path, [stamps(1, 1, 2), stamps(17, 3, 8), stamps(300, 3, 12)])
    read = list(reader(path))
    assert [row[:4] for row in read] == [row[:4] for row in written]
    for ours, theirs in zip(written, read, strict=True):
        assert np.array(theirs[4], np.float32).tobytes() == ours[4].tobytes()


def test_stamps_of_one_pixel_and_of_many_pages(tmp_path):
    path = tmp_path / "stamps.parquet"
    written = write(path, [np.ones((3, 1, 1, 1), np.float32), stamps(40, 3, 64)])
    assert [len(row[4]) for row in by_polars(path)] == [row[4].size for row in written]


def test_renders_are_found_by_the_minima_and_maxima_of_the_groups(tmp_path):
    path = tmp_path / "stamps.parquet"
    write(path, [stamps(3, 1, 4), stamps(4, 1, 6)])
    column = pq.read_metadata(path).row_group(1).column(0)
    assert (column.statistics.min, column.statistics.max) == ("1/é0", "1/é3")
    sizes = pq.read_metadata(path).row_group(1).column(1).statistics
    assert (sizes.min, sizes.max, sizes.null_count) == (6, 6, 0)
    found = pq.read_table(path, filters=[("render_id", "=", "1/é2")])
    assert found["stamp_size"].to_pylist() == [6]


def test_a_file_without_stamps_is_whole(tmp_path):
    path = tmp_path / "stamps.parquet"
    file = StampFile(path)
    file.write([], 64, [], "part", np.empty((0, 3, 64, 64), np.float32))
    file.close()
    assert pq.read_table(path).num_rows == 0


def test_a_file_that_is_abandoned_is_no_parquet(tmp_path):
    path = tmp_path / "stamps.parquet"
    file = StampFile(path)
    file.write(["a"], 4, ["r"], "part", stamps(1, 1, 4))
    file.abandon()
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(path)


@pytest.mark.skipif(not FULL_DISK.exists(), reason="needs Linux's device that is always full")
def test_a_full_disk_is_an_error_of_the_write_and_not_of_giving_up():
    file = StampFile(FULL_DISK)
    with pytest.raises(OSError, match="No space left"):
        file.write(["a"], 64, ["grz"], "part", stamps(1, 3, 64))
    file.abandon()
