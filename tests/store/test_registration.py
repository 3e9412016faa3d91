"""Part files as rows of a lake table."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store import lake
from store.registration import register_files

COLUMNS = {"experiment_id": "varchar", "render_id": "varchar", "pixels": "float[]"}
N_ROWS = 2_000


@pytest.fixture
def own_lake(tmp_path, monkeypatch):
    """An empty lake, and its root."""
    root = tmp_path / "lake"
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(root))
    with lake.connect() as session:
        yield session, root


def write(root, experiment, part, value=1.5):
    """A part file; returns its path."""
    folder = root / f"stamps/experiment_id={experiment}"
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "render_id": [f"{part}/{n}" for n in range(N_ROWS)],
            "pixels": pa.array([[value, -value]] * N_ROWS, pa.list_(pa.float32())),
        }
    )
    path = folder / f"part-{part}.parquet"
    pq.write_table(table, path)
    return str(path)


def counts(session):
    """Rows of each file, by experiment and part."""
    return session.execute("""
        select experiment_id, split_part(render_id, '/', 1) as part, count(*)
        from render_stamps group by all order by all
    """).fetchall()


def test_the_table_holds_the_rows_of_the_wanted_files_and_no_others(own_lake):
    session, root = own_lake
    a, b, c = (write(root, "e", part) for part in "abc")
    register_files(session, "render_stamps", COLUMNS, [a, b])
    assert counts(session) == [("e", "a", N_ROWS), ("e", "b", N_ROWS)]
    register_files(session, "render_stamps", COLUMNS, [b, c])
    assert counts(session) == [("e", "b", N_ROWS), ("e", "c", N_ROWS)]
    register_files(session, "render_stamps", COLUMNS, [a, b, c])
    assert [part for _, part, _ in counts(session)] == ["a", "b", "c"]


def test_files_are_not_copied(own_lake):
    session, root = own_lake
    path = write(root, "e", "a")
    register_files(session, "render_stamps", COLUMNS, [path])
    assert session.execute("select distinct filename from render_stamps").fetchall() == [(path,)]
    assert not list((root / "data").rglob("*.parquet"))


def test_the_same_files_again_change_nothing(own_lake):
    session, root = own_lake
    path = write(root, "e", "a")
    register_files(session, "render_stamps", COLUMNS, [path])
    before = session.execute("select max(snapshot_id) from lake.snapshots()").fetchone()
    register_files(session, "render_stamps", COLUMNS, [path])
    assert session.execute("select max(snapshot_id) from lake.snapshots()").fetchone() == before


def test_pixels_come_back_bit_for_bit(own_lake):
    session, root = own_lake
    register_files(session, "render_stamps", COLUMNS, [write(root, "e", "a", 0.1)])
    (pixels,) = session.execute("select pixels from render_stamps limit 1").fetchone()
    assert pixels == [pa.scalar(0.1, pa.float32()).as_py(), pa.scalar(-0.1, pa.float32()).as_py()]


def test_no_files_make_an_empty_table(own_lake):
    session, _ = own_lake
    register_files(session, "render_stamps", COLUMNS, [])
    assert counts(session) == []
    described = session.execute("describe render_stamps").fetchall()
    assert [row[0] for row in described] == list(COLUMNS)


def test_after_the_lake_was_moved_its_files_are_found_again(own_lake, monkeypatch, tmp_path):
    session, root = own_lake
    register_files(session, "render_stamps", COLUMNS, [write(root, "e", "a")])
    session.close()
    shutil.move(root, tmp_path / "moved")
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "moved"))
    with lake.connect() as moved:
        path = tmp_path / "moved/stamps/experiment_id=e/part-a.parquet"
        register_files(moved, "render_stamps", COLUMNS, [str(path)])
        assert counts(moved) == [("e", "a", N_ROWS)]


def test_a_change_that_is_rolled_back_leaves_the_old_rows(own_lake):
    session, root = own_lake
    a, b = write(root, "e", "a"), write(root, "e", "b")
    register_files(session, "render_stamps", COLUMNS, [a])
    session.execute("begin")
    register_files(session, "render_stamps", COLUMNS, [b])
    session.execute("rollback")
    assert [part for _, part, _ in counts(session)] == ["a"]
