"""Catalogue files over http and s3, and against the survey's checksums."""

import hashlib

import pytest

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
