"""Lists of known lenses."""

from collections import Counter

import astropy.units as u
import duckdb
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord

from ingest.catalogues import lenses
from ingest.catalogues.lenses import is_cluster_list, lens_row, read_lenses
from ingest.catalogues.run import forget_file, open_lake
from ingest.outcomes import Outcome, write_outcomes

HEADER = "name,ra,dec,zlens,type,grading,ref\n"


@pytest.fixture
def take(tmp_path):
    """Writes a list and reads it; the rows."""

    def command(text: str, name: str = "list.csv") -> list[tuple]:
        (tmp_path / name).write_text(text)
        rows = pa.Table.from_batches(list(read_lenses(tmp_path / name))).to_pylist()
        return [tuple(row.values()) for row in rows]

    return command


@pytest.fixture(scope="module")
def lenscat(real):
    """Read the rows of the real catalogue."""
    return pa.Table.from_batches(list(read_lenses(real / "lenscat/catalog.csv")))


def test_lenscat_is_read_whole(lenscat):
    # counted in the file by its own description: 32,838 rows, 2,309 confident, no position missing
    assert len(lenscat) == 32_838
    assert lenscat["ra"].null_count == 0
    assert lenscat["grading"].to_pylist().count("confident") == 2_309
    declinations = lenscat["dec"].to_numpy()
    assert (declinations.min(), declinations.max()) == pytest.approx((-85.2, 88.7), abs=0.1)


def test_cluster_lists_of_lenscat_are_marked_and_lens_searches_are_not(lenscat):
    marked = Counter(
        row["ref"].split(" ")[0]
        for row in lenscat.select(["ref", "is_cluster_list"]).to_pylist()
        if row["is_cluster_list"] and "|" not in row["ref"]
    )
    assert marked["Lopes"] == 9_951
    assert marked["Gonzalez"] == 1_070
    assert not {"Storfer", "Huang", "Stein", "Moustakas", "Jacobs", "Rojas"} & set(marked)


def test_a_row_that_a_lens_paper_names_too_is_no_cluster_row():
    cluster = "Gioia et al. (1990) - doi:10.1086/191426"
    assert is_cluster_list(cluster)
    assert is_cluster_list(f"{cluster} | {cluster}")
    assert not is_cluster_list(f"Storfer et al. (2022) - arXiv:2206.02764 | {cluster}")
    assert not is_cluster_list("")


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("13:45:12.5", "-02:03:04.5"),
        ("13 45 12.5", "-02 03 04.5"),
        ("13h45m12.5s", "-02d03m04.5s"),
        ("00:00:01", "-00:00:01"),
    ],
)
def test_sexagesimal_positions_are_those_of_astropy(ra, dec):
    row = lens_row({"name": "x", "ra": ra, "dec": dec})
    expected = SkyCoord(ra, dec, unit=(u.hourangle, u.deg))
    # 1e-9 degree is a few microarcseconds
    assert row["ra"] == pytest.approx(expected.ra.deg, abs=1e-9)
    assert row["dec"] == pytest.approx(expected.dec.deg, abs=1e-9)


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("", "1"),
        ("nan", "1"),
        ("1", "91"),
        ("-181", "0"),
        ("361", "0"),
        ("soon", "1"),
        ("inf", "0"),
    ],
)
def test_a_position_that_is_none_is_null_and_the_row_stays(ra, dec):
    row = lens_row({"name": "x", "ra": ra, "dec": dec})
    assert (row["name"], row["ra"], row["dec"]) == ("x", None, None)


@pytest.mark.parametrize(("ra", "wrapped"), [("360.0", 0.0), ("-5.5", 354.5), ("-180", 180.0)])
def test_right_ascension_is_wrapped(ra, wrapped):
    assert lens_row({"ra": ra, "dec": "1"})["ra"] == wrapped


def test_every_row_is_kept_in_order(take):
    rows = take(HEADER + "a,1,2,-,galaxy,confident,r\n\na,1,2,-,galaxy,confident,r\nb,x,2,0.3,,,\n")
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("a", 1.0, 0),
        ("a", 1.0, 1),
        ("b", None, 2),
    ]


def test_only_name_ra_and_dec_are_needed(take):
    assert take("Name,RAJ2000,DEJ2000\nx,10.5,-3\n") == [
        ("x", 10.5, -3.0, None, None, None, None, False, 0)
    ]


def test_tabs_and_a_byte_order_mark_and_quotes_are_no_trouble(take):
    rows = take('\ufeffname\tra\tdec\n"a, the first"\t1\t2\n', "list.tsv")
    assert rows[0][:3] == ("a, the first", 1.0, 2.0)


def test_a_short_row_is_kept(take):
    assert take(HEADER + "a,1\nb,1,2\n")[0][:3] == ("a", None, None)


def test_lenses_without_a_position_are_counted_aloud(take, caplog):
    take(HEADER + "a,1,2\nb,1,95\nc,3,4\n")
    assert "1 of 3 lenses have no position" in caplog.text


@pytest.mark.parametrize("rows", ["", "a,1,2\nb,x,2\nc,1,\n"])
def test_a_list_that_places_hardly_any_lens_is_refused_whole(rows, run, query, tmp_path):
    (tmp_path / "x.csv").write_text(HEADER + rows)
    assert run("lenses", "--source", tmp_path / "x.csv") == 1
    [(reason, message)] = query("select reason_code, message from raw_outcomes")
    assert reason == "unreadable"
    assert "no lens in the list" in message if not rows else "2 of 3 lenses" in message
    assert query("select count(*) from raw_known_lenses") == [(0,)]


def test_a_list_without_positions_is_refused_by_name(run, query, tmp_path):
    (tmp_path / "x.csv").write_text("name,redshift\na,1\n")
    assert run("lenses", "--source", tmp_path / "x.csv") == 1
    [(reason, message)] = query("select reason_code, message from raw_outcomes")
    assert reason == "missing_columns"
    assert "ra" in message
    assert "dec" in message


@pytest.fixture
def two_lists(run, tmp_path):
    """A lake with two lists; their paths by name."""
    paths = {name: tmp_path / name for name in ("mine.csv", "other.csv")}
    for name, path in paths.items():
        path.write_text(HEADER + f"a of {name},1,2,,,,\nb of {name},3,4,,,,\n")
        assert run("lenses", "--source", path) == 0
    return paths


def test_a_list_is_forgotten_with_its_outcome_and_the_other_stays(two_lists, run, query, capsys):
    assert run("lenses", "--forget", "mine.csv") == 0
    assert "lenses: 2 rows of mine.csv removed" in capsys.readouterr().out
    assert query("select source_file, count(*) from raw_known_lenses group by 1") == [
        ("other.csv", 2)
    ]
    assert query("select file_name from raw_outcomes") == [("other.csv",)]


def test_a_list_that_was_forgotten_can_be_taken_again(two_lists, run, query):
    """Unchanged as it is: its outcome row would have it skipped."""
    run("lenses", "--forget", "mine.csv")
    assert run("lenses", "--source", two_lists["mine.csv"]) == 0
    assert query("select count(*) from raw_known_lenses") == [(4,)]


def test_a_list_that_was_refused_can_be_forgotten(run, query, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("name,redshift\na,1\n")
    run("lenses", "--source", tmp_path / "bad.csv")
    assert run("lenses", "--forget", "bad.csv") == 0
    assert "lenses: 0 rows of bad.csv removed" in capsys.readouterr().out
    assert query("select count(*) from raw_outcomes") == [(0,)]


def test_a_list_that_the_lake_has_not_is_told_with_those_that_it_has(two_lists, run, query, capsys):
    before = query("select * from raw_known_lenses")
    assert run("lenses", "--forget", "mime.csv") == 1
    assert (
        "error: the lake has no 'mime.csv' of lenses, only mine.csv, other.csv\n"
        in capsys.readouterr().err
    )
    assert query("select * from raw_known_lenses") == before
    for name in two_lists:
        run("lenses", "--forget", name)
    assert run("lenses", "--forget", "mine.csv") == 1
    assert "no 'mine.csv' of lenses, nor any other" in capsys.readouterr().err


def test_a_file_of_another_product_is_no_list(run, query, tmp_path, capsys):
    with open_lake() as connection:
        write_outcomes(connection, [Outcome("sweeps", "x.fits", is_ok=True)])
    assert run("lenses", "--forget", "x.fits") == 1
    assert query("select count(*) from raw_outcomes") == [(1,)]


def test_lists_are_either_taken_or_forgotten(run, capsys, own_lake):
    assert run("lenses", "--source", "mine.csv", "--forget", "mine.csv") == 1
    assert "lenses takes either --source or --forget FILE" in capsys.readouterr().err
    assert not own_lake.exists()


def test_what_is_forgotten_is_half_gone_at_no_time(two_lists, query, monkeypatch):
    def fails(*_):
        raise duckdb.IOException("no outcome can be deleted")

    monkeypatch.setattr("ingest.catalogues.run.forget_outcome", fails)
    with pytest.raises(duckdb.IOException):
        forget_file(lenses.LENSES, "mine.csv", None)
    assert query("select count(*) from raw_known_lenses") == [(4,)]
