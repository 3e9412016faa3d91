"""The coadd cache from an HTTP server that misbehaves."""

import hashlib
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tenacity import RetryCallState

from ingest.coadds.cache import BrickFolder, FileRecord, locked
from ingest.coadds.fetch import Budget, WholeFiles, fetch_files
from ingest.coadds.files import CoaddFile
from ingest.transport import TransportSettings
from ingest.transport.http import HttpSource, retry_after
from ingest.transport.retrying import delay
from store.survey_files import brick_path
from tests.ingest.conftest import QUICK
from tests.support.coadd_survey import TEMPLATE as BRICK
from tests.support.coadd_survey import copy_brick

R_IMAGE = f"legacysurvey-{BRICK}-image-r.fits.fz"


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("legacysurvey-*"))
    }


def test_a_brick_is_fetched_whole_and_marked(station):
    assert station.fetch() == 0
    source = station.original()
    assert files_of(station.cache()) == files_of(source)
    assert (station.cache() / "_SUCCESS").read_bytes() == b""
    rows = station.query(
        "select file_name, sha256, n_bytes, n_tries, source_version is not null, band, message "
        "from raw_outcomes where is_ok and band is not null or file_name like '%maskbits%'"
    )
    assert len(rows) == 10
    for name, sha256, n_bytes, n_tries, has_version, band, message in rows:
        assert sha256 == files_of(source)[name]
        assert n_bytes == (source / name).stat().st_size
        assert (n_tries, has_version, message) == (1, True, None)
        assert band is None if "maskbits" in name else f"-{band}." in name
    [(is_ok, total)] = station.query(
        f"select is_ok, n_bytes from raw_outcomes where file_name = '000/{BRICK}/'"
    )
    assert (is_ok, total) == (True, sum(row[2] for row in rows))


def test_a_second_run_asks_for_nothing(station):
    station.fetch()
    n_before = len(station.orders.asked)
    assert station.fetch() == 0
    assert len(station.orders.asked) == n_before


def fetch_r_image(station, **settings) -> FileRecord:
    """Fetches one file, without a lake; what the cache records of it."""
    chosen = TransportSettings(first_delay=0.01, delay_per_host=0.0, timeout=2.0)
    source = HttpSource(station.url, replace(chosen, **settings))
    folder = BrickFolder(station.lake / "coadds", BRICK)
    with closing(source):
        fetch_files(folder, [CoaddFile(BRICK, "image", "r")], WholeFiles(source, Budget()))
    return folder.records()[R_IMAGE]


@pytest.mark.parametrize(
    "trouble",
    ["status 500", "status 503", "status 429 0", "status 408", "cut", "short", "flipped", "page"],
)
def test_a_passing_trouble_is_tried_again(station, trouble):
    station.orders.first[R_IMAGE] = [trouble]
    record = fetch_r_image(station)
    assert (record.is_ok, record.reason_code, record.n_tries) == (True, None, 2)
    assert (station.cache() / R_IMAGE).read_bytes() == (station.original() / R_IMAGE).read_bytes()


@pytest.mark.parametrize(
    ("trouble", "reason", "n_tries"),
    [
        ("status 500", "server_failure", 5),
        ("status 429", "server_failure", 5),
        ("cut", "connection_lost", 5),
        ("short", "file_truncated", 5),
        ("flipped", "checksum_mismatch", 5),
        ("page", "not_fits", 5),
        ("status 404", "not_found", 1),
        ("status 410", "not_found", 1),
        ("status 403", "refused_by_server", 1),
        ("status 418", "refused_by_server", 1),
        ("redirect http://localhost:9", "redirect_refused", 1),
        ("redirect ftp://127.0.0.1", "redirect_refused", 1),
    ],
)
def test_a_lasting_trouble_is_recorded(station, trouble, reason, n_tries):
    station.orders.always[R_IMAGE] = trouble
    record = fetch_r_image(station)
    assert (record.is_ok, record.reason_code, record.n_tries) == (False, reason, n_tries)
    assert not (station.cache() / R_IMAGE).exists()
    assert not list(station.cache().glob(".*partial"))


@pytest.mark.parametrize(
    ("trouble", "brick_reason", "is_marked"),
    [("status 404", "incomplete_brick", True), ("status 500", "files_failed", False)],
)
def test_a_brick_is_marked_when_nothing_more_can_come(station, trouble, brick_reason, is_marked):
    station.orders.always[R_IMAGE] = trouble
    assert station.fetch() == 0
    assert station.outcome(f"000/{BRICK}/")[:2] == (False, brick_reason)
    assert (station.cache() / "_SUCCESS").exists() == is_marked


def test_what_failed_is_fetched_by_the_next_run_and_only_that(station):
    station.orders.always[R_IMAGE] = "status 500"
    station.fetch()
    station.orders.always.clear()
    n_before = station.orders.n_asked()
    assert station.fetch() == 0
    assert station.orders.n_asked() - n_before == 2  # the file and the list of checksums
    assert station.outcome(R_IMAGE) == (True, None, 1)
    assert (station.cache() / "_SUCCESS").exists()


def test_a_slow_server_times_out(station):
    station.orders.first[R_IMAGE] = ["slow 1"]
    record = fetch_r_image(station, timeout=0.5)
    assert record.is_ok
    assert record.n_tries >= 2  # on a busy machine the next try may be too slow as well


def test_retry_after_is_obeyed(station):
    station.orders.first[R_IMAGE] = ["status 429 1"]
    fetch_r_image(station)
    times = [at for _, path, _, at in station.orders.asked if path.endswith(R_IMAGE)]
    assert len(times) == 2
    assert times[1] - times[0] >= 1.0


def test_delays_double_up_to_the_largest():
    settings = TransportSettings(first_delay=1.0, max_delay=60.0)
    for attempt, seconds in enumerate([1, 2, 4, 8, 16, 32, 60, 60], start=1):
        state = RetryCallState(None, None, (), {})
        state.attempt_number = attempt
        assert 0.75 * seconds <= delay(state, settings) <= 1.25 * seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), (None, None), ("soon", None), ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0)],
)
def test_retry_after_is_read_as_seconds_or_date(header, seconds):
    assert retry_after(header) == seconds


def test_a_redirect_to_another_host_needs_leave(station):
    port = station.url.rsplit(":", 1)[1]
    station.orders.first[R_IMAGE] = [f"redirect http://localhost:{port}"]
    assert fetch_r_image(station, redirect_hosts=("localhost",)).is_ok


def test_a_redirect_within_the_host_is_followed(station):
    station.orders.first[R_IMAGE] = [f"redirect {station.url}"]
    assert fetch_r_image(station).is_ok


def test_an_endless_redirect_ends(station):
    station.orders.always[R_IMAGE] = f"redirect {station.url}"
    assert fetch_r_image(station).reason_code == "redirect_refused"


def test_a_brick_that_is_not_there_is_missing_with_evidence(station):
    station.write_tasks(BRICK, "3333p333")
    assert station.fetch() == 0
    [(reason, message)] = station.query(
        "select reason_code, message from raw_outcomes where file_name = '333/3333p333/'"
    )
    assert reason == "missing_brick"
    assert "404" in message
    assert "image-r" in message


def test_a_wrong_root_makes_no_brick_missing(station, capsys):
    station.write_tasks(BRICK)
    assert station.run(*QUICK, "coadds", "--source", station.url + "/elsewhere") == 1
    assert "is the source right" in capsys.readouterr().err
    assert station.query("select reason_code from raw_outcomes where file_name like '%/'") == [
        ("source_empty",)
    ]


@pytest.mark.parametrize("trouble", ["status 500", "status 403"])
def test_a_temporary_failure_of_a_whole_brick_is_no_absence(station, trouble):
    station.orders.always["*"] = trouble
    station.fetch()
    assert station.query("select reason_code from raw_outcomes where file_name like '%/'") == [
        ("files_failed",)
    ]


def test_what_was_absent_is_asked_for_again_on_demand(station):
    station.orders.always[R_IMAGE] = "status 404"
    station.fetch()
    station.orders.always.clear()
    station.fetch()
    assert station.outcome(R_IMAGE)[1] == "not_found"
    station.fetch("--ask-again")
    assert station.outcome(R_IMAGE) == (True, None, 1)
    assert station.outcome(f"000/{BRICK}/")[0]


def test_psfsize_maps_are_repaired(station):
    names = [f"legacysurvey-{BRICK}-psfsize-{band}.fits.fz" for band in "grz"]
    station.orders.always = dict.fromkeys(names, "status 404")
    station.fetch()
    assert station.outcome(f"000/{BRICK}/")[:2] == (False, "incomplete_brick")
    station.orders.always.clear()
    n_before = station.orders.n_asked()
    assert station.fetch("--repair", "psfsize") == 0
    assert station.orders.n_asked() - n_before == 4
    assert station.outcome(f"000/{BRICK}/")[:2] == (True, None)
    assert all((station.cache() / name).exists() for name in names)


def test_verify_finds_a_damaged_file_and_the_next_run_mends_it(station):
    station.fetch()
    path = station.cache() / R_IMAGE
    content = bytearray(path.read_bytes())
    content[-20_000] ^= 1
    path.write_bytes(content)
    assert station.fetch("--verify") == 0
    assert station.outcome(R_IMAGE)[:2] == (False, "checksum_mismatch")
    assert not path.exists()
    assert not (station.cache() / "_SUCCESS").exists()
    station.fetch()
    assert files_of(station.cache()) == files_of(station.original())


def test_a_cache_without_records_is_adopted_by_verify(station):
    station.fetch()
    (station.cache() / "_files.json").write_text("{}")
    station.fetch("--verify")
    n_before = len(station.orders.asked)
    station.fetch()
    assert len(station.orders.asked) == n_before
    assert station.outcome(f"000/{BRICK}/")[0]


def test_a_new_lake_learns_from_the_cache(station, monkeypatch, tmp_path):
    station.fetch()
    columns = "file_name, is_ok, sha256, n_bytes, n_tries, source, source_version"
    before = station.query(f"select {columns} from raw_outcomes order by file_name")
    monkeypatch.setenv("DHS_CACHE", str(station.lake))
    monkeypatch.setenv("DHS_LAKE", str(tmp_path / "other"))
    station.write_tasks(BRICK)
    n_before = len(station.orders.asked)
    station.fetch()
    assert len(station.orders.asked) == n_before
    assert station.query(f"select {columns} from raw_outcomes order by file_name") == before


def test_the_limit_is_kept_and_the_next_run_goes_on(station, capsys):
    limit = 2_500_000
    assert station.fetch("--limit-bytes", limit) == 0
    out = capsys.readouterr().out
    assert "1 left for the next run" in out
    present = sum(path.stat().st_size for path in station.cache().iterdir())
    assert 0 < present <= limit + 10_000  # the record and the list of checksums
    assert not list(station.cache().glob(".*partial"))
    station.fetch()
    assert files_of(station.cache()) == files_of(station.original())


def test_a_full_disk_is_seen_before_anything_is_fetched(station, monkeypatch, capsys):
    monkeypatch.setattr("ingest.coadds.command.SPARE_BYTES", 1 << 60)
    assert station.fetch() == 1
    assert "DHS_CACHE" in capsys.readouterr().err
    assert station.orders.asked == []


def test_bricks_are_spread_over_workers(station):
    copy_brick(station.original(), "0006m002")
    station.write_tasks(BRICK, "0003m002", "0006m002")
    assert station.fetch(network=("--workers", 3)) == 0
    for name in (BRICK, "0003m002", "0006m002"):
        assert (station.cache(name) / "_SUCCESS").exists()


def test_requests_to_a_host_keep_their_distance(station):
    station.fetch(network=("--host-delay", 0.05, "--workers", 4))
    times = sorted(at for *_, at in station.orders.asked)
    assert len(times) > 10
    # Single requests may be late and catch up; all of them together cannot be early.
    assert times[-1] - times[0] > 0.5 * 0.05 * (len(times) - 1)


@pytest.mark.parametrize("name", ["../x", "0001m002/..", "", "0001M002", "00001m002", None])
def test_a_brick_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="no brick name"):
        brick_path(name)


def test_a_brick_name_that_is_none_never_becomes_a_path(station, capsys):
    station.write_tasks("../x")
    assert station.fetch() == 1
    assert "no brick name" in capsys.readouterr().err
    assert station.orders.asked == []


def test_a_file_of_another_brick_is_refused(station):
    theirs = station.original("0003m002") / R_IMAGE.replace(BRICK, "0003m002")
    (station.original() / R_IMAGE).write_bytes(theirs.read_bytes())
    assert fetch_r_image(station, n_tries=1).reason_code == "wrong_brick"


@pytest.mark.parametrize(
    ("card", "absurd"),
    [
        (b"ZNAXIS1 =                 3600", b"ZNAXIS1 =          99999999999"),
        (b"PCOUNT  =", b"PCOUNT  = 9"),
        (b"ZTILE1  =                  100", b"ZTILE1  =                    1"),
    ],
)
def test_an_absurd_header_is_refused_before_anything_is_allocated(station, card, absurd):
    path = station.original() / R_IMAGE
    content = path.read_bytes()
    damaged = content.replace(card + b" " * (len(absurd) - len(card)), absurd)
    assert damaged != content
    path.write_bytes(damaged)
    record = fetch_r_image(station, n_tries=1)
    assert record.reason_code in ("bad_header", "file_truncated")


def test_credentials_in_a_url_are_in_no_table_and_no_record(station, capfd):
    station.write_tasks(BRICK)
    url = station.url.replace("http://", "http://me:hunter2@")
    assert station.run(*QUICK, "coadds", "--source", url) == 0
    assert "hunter2" not in json.dumps(station.query("select source, message from raw_outcomes"))
    assert "hunter2" not in (station.cache() / "_files.json").read_text()
    shown = capfd.readouterr()
    assert "hunter2" not in shown.out + shown.err


def test_a_partial_file_of_a_killed_run_is_cleared(station):
    station.cache().mkdir(parents=True)
    leftover = station.cache() / f".{R_IMAGE}.partial"
    leftover.write_bytes(b"half")
    station.fetch()
    assert not leftover.exists()


def test_two_commands_do_not_work_on_one_cache(station, capsys):
    with locked(station.lake / "coadds"):
        assert station.fetch() == 1
    assert "another command" in capsys.readouterr().err
