"""Sweep files into raw_sources."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits

from ingest.catalogues.sweeps import read_sweep
from ingest.raw_tables import SOURCE_COLUMNS
from pixels.cards import FitsError
from store.failures import FileRefused
from tests.support.fits_files import write_sweep

NAME = "sweep-000m005-005p000.fits"
OUTCOMES = "select is_ok, reason_code, message from raw_outcomes where product = 'sweeps'"


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    write_sweep(tmp_path / "survey" / "south/sweep/10.1" / NAME)
    return tmp_path / "survey"


def test_every_value_is_what_astropy_reads(survey, run, query):
    path = survey / "south/sweep/10.1" / NAME
    assert run("sweeps", "--source", survey) == 0
    names = [column.name for column in SOURCE_COLUMNS]
    rows = query(f"select {', '.join(names)} from raw_sources order by row_index")
    expected = fits.getdata(path, 1)
    assert len(rows) == len(expected) == 7
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        # astropy strips the blanks that pad text, which is what the lake should hold
        np.testing.assert_array_equal(
            np.array(values), np.array(expected[name.upper()]), err_msg=name
        )


def test_rows_carry_their_provenance(survey, run, query):
    run("sweeps", "--source", survey)
    assert query("select distinct sweep_file from raw_sources") == [(NAME,)]
    assert query("select list(row_index order by row_index) from raw_sources") == [
        ([0, 1, 2, 3, 4, 5, 6],)
    ]


def test_chunks_join_without_a_seam(tmp_path, monkeypatch):
    path = write_sweep(tmp_path / NAME, n_rows=25)
    whole = next(read_sweep(path))
    monkeypatch.setattr("pixels.binary_table.record_batches.__defaults__", (4,))
    chunks = list(read_sweep(path))
    assert [chunk.num_rows for chunk in chunks] == [4] * 6 + [1]
    objids = np.concatenate([chunk.column("objid").to_numpy() for chunk in chunks])
    np.testing.assert_array_equal(objids, whole.column("objid").to_numpy())


def rows_of(path: Path) -> pa.Table:
    return pa.Table.from_batches(list(read_sweep(path)))


def refusal_of(path: Path) -> FileRefused | FitsError:
    with pytest.raises((FileRefused, FitsError)) as refused:
        rows_of(path)
    return refused.value


@pytest.mark.parametrize("release", [10000, 10002, 9010, 9011, 9012])
def test_accepted_releases(tmp_path, release):
    rows = rows_of(write_sweep(tmp_path / NAME, release=release))
    assert set(rows["release"].to_pylist()) == {release}


def test_dr9_has_no_i_band_and_it_is_null(tmp_path):
    rows = rows_of(write_sweep(tmp_path / NAME, release=9010, without=("_I",)))
    assert [rows[name].null_count for name in ("flux_i", "psfsize_i", "flux_r")] == [7, 7, 0]


def test_dr10_must_have_the_i_band(tmp_path):
    refused = refusal_of(write_sweep(tmp_path / NAME, without=("_I",)))
    assert refused.reason_code == "missing_columns"
    assert "flux_i" in str(refused)


@pytest.mark.parametrize("release", [8000, 9999, 10001])
def test_other_releases_are_refused(tmp_path, release):
    refused = refusal_of(write_sweep(tmp_path / NAME, release=release))
    assert refused.reason_code == "wrong_release"
    assert str(release) in str(refused)


def test_a_release_that_changes_inside_the_file_leaves_no_rows(tmp_path, run, query):
    path = write_sweep(tmp_path / NAME, n_rows=9)
    with fits.open(path, mode="update") as hdus:
        hdus[1].data["RELEASE"][8] = 7000
    assert run("sweeps", "--source", path) == 1
    assert query(OUTCOMES.replace(", message", "")) == [(False, "wrong_release")]
    assert query("select count(*) from raw_sources") == [(0,)]


def test_real_dr8_sweeps_say_what_is_missing(real, run, query):
    assert run("sweeps", "--source", real / "desitarget/t") == 1
    outcomes = query(OUTCOMES)
    assert len(outcomes) == 2
    for is_ok, reason, message in outcomes:
        assert (is_ok, reason) == (False, "missing_columns")
        assert "RELEASE 8000" in message
        for name in ("shape_r", "sersic", "fitbits", "psfsize_r", "flux_i"):
            assert name in message


def cut_short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1000)


def cut_at_a_block(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 2880)


def html(path: Path) -> None:
    path.write_bytes(b"<html>not here</html>".ljust(2880))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def absurd_row_count(path: Path) -> None:
    path.write_bytes(
        path.read_bytes().replace(
            b"NAXIS2  =                    7", b"NAXIS2  =         999999999997"
        )
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_short, "file_truncated"),
        (cut_at_a_block, "file_truncated"),
        (empty, "file_truncated"),
        (html, "not_fits"),
        (absurd_row_count, "file_truncated"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path, damage, reason):
    broken = write_sweep(tmp_path / NAME)
    damage(broken)
    assert refusal_of(broken).reason_code == reason


def test_a_broken_file_is_a_row_and_the_others_go_on(survey, run, query):
    broken = write_sweep(survey / "south/sweep/10.1/sweep-005m005-010p000.fits")
    cut_short(broken)
    assert run("sweeps", "--source", survey) == 0
    assert query(
        "select file_name, is_ok, reason_code, n_rows from raw_outcomes order by file_name"
    ) == [(NAME, True, None, 7), (broken.name, False, "file_truncated", None)]
    assert query("select distinct sweep_file from raw_sources") == [(NAME,)]


def test_an_unchanged_file_is_skipped(survey, run, query, capsys):
    run("sweeps", "--source", survey)
    before = query("select finished_at from raw_outcomes")
    assert run("sweeps", "--source", survey) == 0
    assert "1 unchanged" in capsys.readouterr().out
    assert query("select finished_at from raw_outcomes") == before


def test_a_changed_file_takes_the_place_of_its_rows(survey, run, query):
    run("sweeps", "--source", survey)
    write_sweep(survey / "south/sweep/10.1" / NAME, n_rows=11)
    assert run("sweeps", "--source", survey) == 0
    assert query("select count(*), max(row_index) from raw_sources") == [(11, 10)]
    assert query("select n_rows from raw_outcomes") == [(11,)]


def test_a_file_that_broke_since_leaves_no_rows_behind(survey, run, query):
    run("sweeps", "--source", survey)
    cut_short(survey / "south/sweep/10.1" / NAME)
    assert run("sweeps", "--source", survey) == 1
    assert query("select count(*) from raw_sources") == [(0,)]


def test_a_table_without_rows_is_no_failure(tmp_path, run, query):
    path = write_sweep(tmp_path / NAME, n_rows=0)
    assert run("sweeps", "--source", path) == 0
    assert query("select is_ok, n_rows from raw_outcomes") == [(True, 0)]


def test_a_strange_file_name_is_refused(tmp_path, run, query):
    write_sweep(tmp_path / "sweep-000m005-005p000-pz.fits")
    assert run("sweeps", "--source", tmp_path) == 1
    assert query("select reason_code from raw_outcomes") == [("bad_file_name",)]


@pytest.mark.parametrize(
    "arguments", [("--source", "/nowhere"), ("--match", "sweep-9*"), ("--wrong",)]
)
def test_a_wrong_argument_is_one_sentence(survey, run, capsys, arguments):
    if arguments[0] != "--source":
        arguments = ("--source", survey, *arguments)
    assert run("sweeps", *arguments) == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1


def test_raw_tables_are_there_after_any_command(survey, run, query):
    run("sweeps", "--source", survey)
    assert {name for (name,) in query("select table_name from duckdb_tables()")} >= {
        "raw_sources",
        "raw_bricks",
        "raw_known_lenses",
        "raw_outcomes",
    }
