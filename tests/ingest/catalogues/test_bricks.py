"""The brick table."""

import gzip

import pytest

from tests.support.fits_files import write_bricks

NAME = "survey-bricks-dr10-south.fits.gz"


@pytest.fixture
def table(tmp_path):
    return write_bricks(tmp_path / "south" / NAME, ["0001m002", "0003m002", "0006m002"])


def test_rows_are_those_of_the_file(table, tmp_path, run, query):
    assert run("bricks", "--source", tmp_path) == 0
    assert query(
        "select brickname, brickid, ra1, nexp_r, nexp, nexphist_r[2], survey_primary, in_desi, "
        "trans_g, source_file from raw_bricks order by brickid"
    ) == [
        ("0001m002", 0, 0.0, 0, 1000, 1, True, True, None, NAME),
        ("0003m002", 1, 1.0, 1, 1001, 12, False, True, None, NAME),
        ("0006m002", 2, 2.0, 2, 1002, 23, True, True, None, NAME),
    ]


def test_a_plain_table_is_taken_too(table, tmp_path, run, query):
    plain = tmp_path / "bricks.fits"
    plain.write_bytes(gzip.decompress(table.read_bytes()))
    assert run("bricks", "--source", plain) == 0
    assert query("select count(*) from raw_bricks") == [(3,)]


def test_a_gzip_stream_that_ends_early_is_refused(table, tmp_path, run, query):
    table.write_bytes(table.read_bytes()[:-20])
    assert run("bricks", "--source", tmp_path) == 1
    assert query("select reason_code from raw_outcomes") == [("file_truncated",)]


def test_a_stream_that_unpacks_without_end_is_refused(tmp_path, run, query, monkeypatch):
    monkeypatch.setattr("ingest.catalogues.bricks.MAX_UNPACKED_BYTES", 1 << 20)
    bomb = tmp_path / "bomb.fits.gz"
    bomb.write_bytes(gzip.compress(bytes(4 << 20)))
    assert run("bricks", "--source", bomb) == 1
    assert query("select reason_code from raw_outcomes") == [("absurd_size",)]


def test_a_real_table_of_another_release_says_what_is_missing(real, run, query):
    assert run("bricks", "--source", real / "desitarget/dr6/survey-bricks-dr6.fits.gz") == 1
    [(reason, message)] = query("select reason_code, message from raw_outcomes")
    assert reason == "missing_columns"
    assert "ra1" in message


def test_nothing_unpacked_is_left_behind(table, tmp_path, run, own_lake):
    run("bricks", "--source", tmp_path)
    assert not list(own_lake.glob("incoming-*"))
