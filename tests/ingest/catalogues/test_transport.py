"""Catalogue files over http and s3, and against the survey's checksums."""

import hashlib
import os

import pytest

from ingest.transport.http import names_in_listing
from tests.ingest.conftest import QUICK
from tests.support.fits_files import write_bricks, write_sweep
from tests.support.s3_server import make_bucket
from tests.support.servers import serving

FOLDER = "south/sweep/10.1"
NAMES = ["sweep-000m005-005p000.fits", "sweep-005m005-010p000.fits"]
LIST = "legacysurvey_dr10_south_sweep_10.1.sha256sum"


@pytest.fixture
def survey(tmp_path):
    root = tmp_path / "survey"
    paths = [write_sweep(root / FOLDER / name, n_rows=5 + i) for i, name in enumerate(NAMES)]
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()} *{p.name}\n" for p in paths]
    (root / FOLDER / LIST).write_text("".join(lines))
    write_bricks(root / "south/survey-bricks-dr10-south.fits.gz", ["0001m002"])
    (root / "known_lenses.csv").write_text("name,ra,dec\na,1,2\n")
    return root


@pytest.mark.parametrize("transport", ["http", "s3"])
def test_every_catalogue_comes_from_a_server(survey, run, query, request, transport):
    with serving(survey) as (web, _):
        source = web
        if transport == "s3":
            source = make_bucket(request.getfixturevalue("s3_environment"), "catalogues", survey)
        for product in ("sweeps", "bricks", "lenses"):
            assert run(*QUICK, product, "--source", source) == 0
            assert run(*QUICK, product, "--source", source) == 0
    assert query("select count(*) from raw_sources") == [(11,)]
    assert query("select count(*) from raw_bricks") == [(1,)]
    assert query("select name from raw_known_lenses") == [("a",)]
    assert query("select bool_and(is_ok), count(*) from raw_outcomes") == [(True, 4)]


def test_an_unchanged_file_is_not_fetched_again(survey, run):
    with serving(survey) as (url, orders):
        run(*QUICK, "sweeps", "--source", url)
        run(*QUICK, "sweeps", "--source", url)
        assert [orders.n_asked(name) for name in NAMES] == [1, 1]


def test_a_passing_failure_is_tried_again(survey, run, query):
    with serving(survey) as (url, orders):
        orders.first[NAMES[0]] = ["status 503", "cut"]
        assert run(*QUICK, "sweeps", "--source", url) == 0
    assert query("select n_tries from raw_outcomes order by file_name") == [(3,), (1,)]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("flipped", "checksum_mismatch"),
        ("page", "file_truncated"),
        ("status 500", "server_failure"),
    ],
)
def test_a_lasting_failure_is_an_outcome(survey, run, query, trouble, reason):
    write_sweep(survey / FOLDER / NAMES[0], n_rows=300)  # long enough to have a bit flipped in it
    with serving(survey) as (url, orders):
        orders.always[NAMES[0]] = trouble
        assert run(*QUICK, "sweeps", "--source", url) == 0
    assert query("select is_ok, reason_code from raw_outcomes order by file_name") == [
        (False, reason),
        (True, None),
    ]
    assert query("select distinct sweep_file from raw_sources") == [(NAMES[1],)]


def test_a_local_file_is_held_against_the_list_too(survey, run, query):
    path = survey / FOLDER / NAMES[0]
    content = bytearray(path.read_bytes())
    content[-3000] ^= 1
    path.write_bytes(content)
    assert run("sweeps", "--source", survey) == 0
    assert query("select reason_code from raw_outcomes order by file_name") == [
        ("checksum_mismatch",),
        (None,),
    ]
    assert query("select count(*) from raw_sources") == [(6,)]


def test_a_server_that_is_not_there_is_one_sentence(run, capsys):
    assert run(*QUICK, "--tries", 1, "sweeps", "--source", "http://127.0.0.1:9") == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1].startswith("error: ")
    assert len(error) == 1


def test_a_link_with_a_query_is_the_file_that_its_path_names(tmp_path, run, query):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "my list.csv").write_text("name,ra,dec\na,1,2\n")
    with serving(tmp_path / "served") as (url, _):
        assert run(*QUICK, "lenses", "--source", f"{url}/my%20list.csv?download=1") == 0
    assert query("select source_file, name from raw_known_lenses") == [("my list.csv", "a")]


def test_a_list_that_ends_early_is_tried_again_whatever_its_encoding(tmp_path, run, query):
    """A chunked answer does not say its length; the server says it when it is asked for it alone."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "list.csv").write_text("name,ra,dec\n" + "a,1,2\n" * 50)
    with serving(tmp_path / "served") as (url, orders):
        orders.first["list.csv"] = ["chunked 40"]
        assert run(*QUICK, "lenses", "--source", f"{url}/list.csv") == 0
        assert query("select n_rows, n_tries from raw_outcomes") == [(50, 2)]
        orders.always["list.csv"] = "chunked 40"
        assert run(*QUICK, "lenses", "--force", "--source", f"{url}/list.csv") == 1
    assert query("select is_ok, reason_code from raw_outcomes") == [(False, "wrong_length")]


def test_an_encoding_that_was_not_asked_for_is_refused(tmp_path, run, query):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "list.csv").write_text("name,ra,dec\na,1,2\n")
    with serving(tmp_path / "served") as (url, orders):
        orders.always["list.csv"] = "encoded"
        assert run(*QUICK, "lenses", "--source", f"{url}/list.csv") == 1
    assert query("select reason_code from raw_outcomes") == [("wrong_encoding",)]


def test_a_server_that_is_down_is_not_one_without_files(tmp_path, run, capsys):
    with serving(tmp_path) as (url, orders):
        orders.always["*"] = "status 503"
        assert run(*QUICK, "--tries", 2, "sweeps", "--source", url) == 1
    assert "cannot be listed: the server answered 503" in capsys.readouterr().err
    assert run(*QUICK, "--tries", 2, "sweeps", "--source", url) == 1  # nobody listens any more
    assert "cannot be listed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "link",
    [
        '<a href="sweep-000m005-005p000.fits">', "<a href='./sweep-000m005-005p000.fits'>",
        "<a href=/dr10/sweep-000m005-005p000.fits>", '<A HREF = "sweep-000m005-005p000.fits?x=1&amp;y=2">',
        '<a href="http://host:80/dr10/sweep%2D000m005-005p000.fits">',
    ],
)  # fmt: skip
def test_links_of_the_usual_servers_are_read(link):
    page = f'<a href="../">up</a> <a href="other/">folder</a> {link}'
    address = "http://host:80/dr10/"
    assert names_in_listing(page, address) == ["sweep-000m005-005p000.fits"]


def test_links_to_other_places_name_no_file():
    page = '<a href="/elsewhere/a.fits"> <a href="http://other/dr10/b.fits"> <a href="?C=M"> <a href="http://[x">'
    assert names_in_listing(page, "http://host/dr10/") == []


@pytest.mark.parametrize("product", ["lenses", "sweeps", "bricks"])
def test_a_file_of_the_same_name_from_elsewhere_replaces_nothing(
    tmp_path, run, query, capsys, product
):
    name = {"lenses": "catalog.csv", "sweeps": NAMES[0], "bricks": "bricks.fits"}[product]
    table = {"lenses": "raw_known_lenses", "sweeps": "raw_sources", "bricks": "raw_bricks"}[product]
    for i, folder in enumerate("ab"):
        path = tmp_path / folder / name
        path.parent.mkdir()
        if product == "lenses":
            path.write_text(f"name,ra,dec\n{folder},1,{i}\n")
        elif product == "sweeps":
            write_sweep(path, n_rows=3 + i)
        else:
            write_bricks(path, ["0001m002", "0001p002"][: 1 + i])
    first, second = tmp_path / "a" / name, tmp_path / "b" / name
    assert run(product, "--source", first) == 0
    before = repr(query(f"from {table} order by all"))
    assert run(product, "--source", second) == 1
    assert f"the lake has a file of this name from {first}" in capsys.readouterr().err
    assert repr(query(f"from {table} order by all")) == before
    assert query("select is_ok, reason_code, file_name from raw_outcomes order by is_ok") == [
        (False, "name_taken", str(second)),
        (True, None, name),
    ]
    assert run(product, "--source", second, "--force") == 0
    assert repr(query(f"from {table} order by all")) != before
    assert run(product, "--forget", name) == 0
    assert query(f"select count(*) from {table}") == [(0,)]


def test_a_failure_elsewhere_takes_nothing_away(tmp_path, run, query):
    """A wrong folder, then another file of the name: the first list stays through both."""
    for folder, lens in (("a", "first"), ("b", None), ("d", "other")):
        (tmp_path / folder).mkdir()
        if lens:
            (tmp_path / folder / "list.csv").write_text(f"name,ra,dec\n{lens},1,2\n")
    assert run("lenses", "--source", tmp_path / "a" / "list.csv") == 0
    assert run("lenses", "--source", tmp_path / "b" / "list.csv") == 1
    assert run("lenses", "--source", tmp_path / "d" / "list.csv") == 1
    assert query("select name from raw_known_lenses") == [("first",)]
    assert query("select file_name, reason_code from raw_outcomes order by is_ok, file_name") == [
        (str(tmp_path / "b" / "list.csv"), "not_found"),
        (str(tmp_path / "d" / "list.csv"), "name_taken"),
        ("list.csv", None),
    ]


def test_another_file_of_the_same_size_and_time_is_not_unchanged(tmp_path, run, query):
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "list.csv").write_text(f"name,ra,dec\n{folder},1,2\n")
        os.utime(tmp_path / folder / "list.csv", (1_700_000_000, 1_700_000_000))
    assert run("lenses", "--source", tmp_path / "a" / "list.csv") == 0
    assert run("lenses", "--source", tmp_path / "b" / "list.csv") == 1
    assert query("select reason_code from raw_outcomes where not is_ok") == [("name_taken",)]


def test_a_relative_path_is_the_file_that_it_leads_to(tmp_path, run, query, monkeypatch):
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "list.csv").write_text(f"name,ra,dec\n{folder * 3},1,2\n")
        monkeypatch.chdir(tmp_path / folder)
        assert run("lenses", "--source", "list.csv") == (0 if folder == "a" else 1)
    assert query("select name from raw_known_lenses") == [("aaa",)]


def test_a_gzipped_file_that_a_server_labels_so_is_taken(tmp_path, run, query):
    (tmp_path / "served").mkdir()
    write_bricks(tmp_path / "served" / "bricks.fits.gz", ["0001m002"])
    with serving(tmp_path / "served") as (url, orders):
        orders.always["bricks.fits.gz"] = "labelled"
        assert run(*QUICK, "bricks", "--source", f"{url}/bricks.fits.gz") == 0
    assert query("select count(*) from raw_bricks") == [(1,)]


def test_the_same_content_from_elsewhere_is_taken(tmp_path, run, query):
    """A survey that was moved: its files are those that the lake has."""
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "list.csv").write_text("name,ra,dec\na,1,2\n")
        assert run("lenses", "--source", tmp_path / folder / "list.csv") == 0
    assert query("select source from raw_outcomes") == [(str(tmp_path / "b" / "list.csv"),)]
