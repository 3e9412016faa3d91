"""The lake: where it is, how it opens, what happens when it is not there."""

import importlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingest.catalogues.run import open_lake
from store import lake


@pytest.fixture
def lake_folder(tmp_path, monkeypatch):
    folder = tmp_path / "it's a lake"  # a quote in a path must not end a SQL literal
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(folder))
    monkeypatch.delenv(lake.CATALOG_VARIABLE, raising=False)
    return folder


@pytest.fixture
def filled_lake(lake_folder):
    with lake.connect() as connection:
        connection.execute("create table squares as select i, i * i as i2 from range(100000) t(i)")
    lake.write_open_sql()
    return lake_folder


def test_a_missing_lake_is_one_sentence_that_says_what_to_do(lake_folder):
    with pytest.raises(lake.LakeError, match=r"no lake at .*make demo"):
        lake.connect(read_only=True)
    assert not lake_folder.exists()


COMMANDS = {
    "ingest": (
        *("coadds", "coadds --verify", "coadds --tiles-only", "cutouts"),
        *("scores x.csv", "scores --forget net", "lenses --forget x.csv"),
    ),
    "report": ("",),
    "expectations": ("", "staging"),
}


@pytest.mark.parametrize(
    ("module", "arguments"), [(module, words) for module in COMMANDS for words in COMMANDS[module]]
)
def test_a_command_that_needs_a_lake_makes_none(
    lake_folder, monkeypatch, capsys, module, arguments
):
    monkeypatch.setattr("sys.argv", [module, *arguments.split()])
    assert importlib.import_module(f"{module}.__main__").main() == 1
    [said] = capsys.readouterr().err.splitlines()
    assert f"no lake at {lake_folder}: run 'make demo', or set DHS_LAKE to where it is" in said
    assert not list(lake_folder.parent.iterdir())


@pytest.mark.parametrize("how", [{"read_only": True}, {"must_exist": True}])
def test_a_catalogue_elsewhere_is_named_with_its_variable(lake_folder, monkeypatch, how, tmp_path):
    catalog = tmp_path / "catalogs" / "mine.sqlite"
    monkeypatch.setenv(lake.CATALOG_VARIABLE, f"sqlite:{catalog}")
    said = f"no lake at {lake_folder} with its catalogue at sqlite:{catalog}: .*DHS_CATALOG"
    with pytest.raises(lake.LakeError, match=said):
        lake.connect(**how)
    assert not list(tmp_path.iterdir())
    lake.connect().close()
    assert lake_folder.is_dir()
    lake.connect(**how).close()
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "lak"))
    with pytest.raises(lake.LakeError, match=r"no lake at .*lak with"):
        lake.connect(**how)
    assert not (tmp_path / "lak").exists()


@pytest.mark.parametrize("how", [{"read_only": True}, {"must_exist": True}])
def test_a_catalogue_without_a_lake_in_it_is_no_lake(lake_folder, how):
    lake_folder.mkdir()
    sqlite3.connect(lake_folder / lake.CATALOG_FILE).close()
    with pytest.raises(lake.LakeError, match="no lake at"):
        lake.connect(**how)
    with sqlite3.connect(lake_folder / lake.CATALOG_FILE) as catalog:
        assert catalog.execute("select count(*) from sqlite_master").fetchone() == (0,)
    catalog.close()


def test_where_a_catalogue_in_postgres_is_stays_unsaid(monkeypatch, lake_folder):
    monkeypatch.setenv(lake.CATALOG_VARIABLE, "postgres:dbname=lake password=secret")
    with pytest.raises(lake.LakeError, match="DHS_LAKE and DHS_CATALOG") as refused:
        lake.connect(must_exist=True)
    assert "secret" not in str(refused.value)


def test_the_first_files_make_a_lake_whose_catalogue_is_elsewhere(own_lake, monkeypatch):
    monkeypatch.setenv(lake.CATALOG_VARIABLE, f"sqlite:{own_lake.parent / 'mine.sqlite'}")
    open_lake().close()
    assert (own_lake / "open.sql").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(tmp_path / "file" / "lake"))
    with pytest.raises(lake.LakeError, match="cannot make the lake's folder"):
        lake.connect()


def test_a_remote_lake_needs_a_catalogue(monkeypatch):
    monkeypatch.setenv(lake.LAKE_VARIABLE, "s3://bucket/lake/")
    monkeypatch.delenv(lake.CATALOG_VARIABLE, raising=False)
    with pytest.raises(lake.LakeError, match=lake.CATALOG_VARIABLE):
        lake.catalog()
    monkeypatch.setenv(lake.CATALOG_VARIABLE, "postgres:dbname=lake")
    assert lake.attach_statement(read_only=True).startswith(
        "attach 'ducklake:postgres:dbname=lake'"
    )


def test_a_reader_cannot_write(filled_lake):
    with lake.connect(read_only=True) as connection, pytest.raises(duckdb.Error):
        connection.execute("create table other as select 1 as one")


def test_an_open_query_of_a_reader_lets_a_writer_commit(filled_lake):
    with lake.connect(read_only=True) as reader, lake.connect() as writer:
        reader.execute("begin")
        before = reader.execute("select count(*) from squares").fetchone()
        writer.execute("insert into squares values (-1, 1)")
        assert reader.execute("select count(*) from squares").fetchone() == before
        reader.execute("commit")
        assert reader.execute("select count(*) from squares").fetchone() == (before[0] + 1,)


def test_a_moved_lake_still_opens(filled_lake, monkeypatch, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.move(filled_lake, moved)
    monkeypatch.setenv(lake.LAKE_VARIABLE, str(moved))
    with lake.connect(read_only=True) as connection:
        assert connection.execute("select count(*) from squares").fetchone() == (100000,)


def test_open_sql_opens_the_lake_from_another_folder(filled_lake, tmp_path):
    command = Path(sys.executable).with_name("duckdb")
    answer = subprocess.run(
        [
            command,
            "-init",
            filled_lake / "open.sql",
            "-csv",
            "-c",
            "select sum(i2) as s from squares",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split()[-1] == str(sum(i * i for i in range(100000)))


@pytest.mark.parametrize(
    ("place", "public"),
    [
        ("postgres:dbname=lake password=se'cret host=h", "postgres:dbname=lake host=h"),
        ("postgres:dbname=lake PASSWORD = 'my \\'own' host=h", "postgres:dbname=lake host=h"),
        ("postgres:postgresql://me:se%40cret@h:5432/lake", "postgres:postgresql://me@h:5432/lake"),
        ("postgres:postgresql://me@h/lake", "postgres:postgresql://me@h/lake"),
        ("postgres:postgresql://h/lake?password=x&user=me", "postgres:postgresql://h/lake?user=me"),
        ("postgres:dbname=lake sslpassword=key user=me", "postgres:dbname=lake user=me"),
        ("sqlite:/data/password=x/catalog.sqlite", "sqlite:/data/password=x/catalog.sqlite"),
    ],
)
def test_open_sql_holds_no_password(monkeypatch, own_lake, place, public):
    monkeypatch.setenv(lake.CATALOG_VARIABLE, place)
    own_lake.mkdir(exist_ok=True)
    text = lake.write_open_sql().read_text()
    assert lake.sql_text(f"ducklake:{public}") in text
    assert ("postgres_scanner" in text) == place.startswith("postgres")


def test_the_trap_of_an_open_reader_is_still_there(filled_lake):
    """An open Arrow reader ends early when its connection runs another query: why cursors are used.

    The day this fails, DuckDB has mended it and the rule may go.
    """
    with lake.connect() as connection:
        connection.execute("create table many as select i from range(2000000) t(i)")
        reader = connection.execute("select i from many").to_arrow_reader(10000)
        n_rows = reader.read_next_batch().num_rows
        connection.execute("select 1").fetchall()
        try:
            n_rows += sum(batch.num_rows for batch in reader)
        except (duckdb.Error, OSError):
            return
        assert n_rows < 2000000


def test_a_reader_on_a_cursor_of_its_own_delivers_every_row(filled_lake):
    with lake.connect() as connection:
        connection.execute("create table many as select i from range(2000000) t(i)")
        cursor = connection.cursor()
        cursor.execute("use lake")
        reader = cursor.execute("select i from many").to_arrow_reader(10000)
        n_rows = 0
        for batch in reader:
            n_rows += batch.num_rows
            connection.execute("select 1").fetchall()
        assert n_rows == 2000000
