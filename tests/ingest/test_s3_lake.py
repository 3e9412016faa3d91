"""A lake in an object store: the catalogue is local, tables and part files are in a bucket."""

import shutil
from pathlib import Path

import boto3
import duckdb
import pytest

from ingest.__main__ import main
from ingest.cutouts.objects import CutoutSettings
from ingest.survey import survey_root
from store import files as lake_files
from store import lake
from store.registration import register_files
from tests.support.fits_files import write_bricks
from tests.support.s3_server import ENVIRONMENT, make_bucket


@pytest.fixture
def bucket(s3_environment, own_lake, tmp_path, monkeypatch) -> str:
    name = f"lake-{abs(hash(str(tmp_path)))}"
    monkeypatch.setenv("DHS_LAKE", make_bucket(s3_environment, name) + "/deep/lake")
    monkeypatch.setenv("DHS_CATALOG", f"sqlite:{tmp_path / 'catalog.sqlite'}")
    monkeypatch.setenv("DHS_CACHE", str(tmp_path / "cache"))
    return name


def keys(endpoint: str, bucket: str) -> list[str]:
    client = boto3.client("s3", endpoint_url=endpoint)
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_ingested_rows_are_in_the_bucket(bucket, s3_environment, run, query, tmp_path):
    names = [f"{number:04}m002" for number in range(100)]  # a few rows would stay in the catalogue
    write_bricks(tmp_path / "survey/south/survey-bricks-dr10-south.fits.gz", names)
    assert run("bricks", "--source", tmp_path / "survey") == 0
    assert query("select count(distinct brickname) from raw_bricks") == [(100,)]
    assert any("/raw_bricks/" in key for key in keys(s3_environment, bucket))


def test_cursors_reach_the_bucket_too(bucket):
    with lake.connect() as connection:
        connection.execute("create table numbers as select i from range(100000) as t (i)")
        cursor = connection.cursor()
        assert cursor.execute("select sum(i) from lake.main.numbers").fetchone() == (4999950000,)


def test_cutouts_are_part_files_in_the_bucket(bucket, run, query, coadd_survey):
    with lake.connect() as connection:
        connection.execute(
            "create table training_sample as "
            "select 'a' as galaxy_id, '0001m002' as brickname, 0.125::double as ra, -0.25::double as dec"
        )
    assert run("cutouts", "--source", coadd_survey) == 0
    assert run("cutouts", "--source", coadd_survey) == 0
    assert query("select galaxy_id, len(pixels) from cutout_pixels") == [("a", 3 * 101**2)]
    [name] = lake_files.folder_names(lake.lake_path("cutouts"))
    assert name.startswith("part-")
    assert not list((lake.cache_root() / "incoming").iterdir())
    assert run("cutouts", "--source", coadd_survey, "--size", 64, "--force") == 0
    assert query("select len(pixels) from cutout_pixels") == [(3 * 64**2,)]
    assert str(CutoutSettings("coadds", "grz", 64)).endswith("64 x 64 pixels")


def test_local_part_files_are_copied_once_and_registered_there(bucket, s3_environment):
    part = lake.parts_root() / "stamps" / "experiment_id=e" / "part-1.parquet"
    part.parent.mkdir(parents=True)
    duckdb.sql(
        f"copy (select 'r' as render_id, [1.5::float] as pixels) to '{part}' (format parquet)"
    )
    columns = {"experiment_id": "varchar", "render_id": "varchar", "pixels": "float[]"}
    with lake.connect() as connection:
        for _ in range(2):
            register_files(connection, "render_stamps", columns, [str(part)])
    shutil.rmtree(lake.parts_root())
    with lake.connect(read_only=True) as connection:
        assert connection.execute("select * from render_stamps").fetchall() == [("e", "r", [1.5])]
    assert [
        key
        for key in keys(s3_environment, bucket)
        if key.endswith("experiment_id=e/part-1.parquet")
    ]


def test_files_of_the_lake_come_and_go(bucket, tmp_path):
    location = lake.lake_path("reports", "x.txt")
    assert not lake_files.exists(location)
    with lake_files.written_whole(location) as scratch:
        scratch.write_text("whole")
        assert not lake_files.exists(location)
    assert lake_files.exists(location)
    assert not scratch.exists()
    assert lake_files.folder_names(lake.lake_path("reports")) == ["x.txt"]
    lake_files.remove(location)
    assert lake_files.folder_names(lake.lake_path("reports")) == []


def test_secrets_are_in_no_statement_no_catalogue_and_no_output(
    bucket, query, run, tmp_path, capfd
):
    write_bricks(tmp_path / "survey/south/survey-bricks-dr10-south.fits.gz", ["0001m002"])
    run("bricks", "--source", tmp_path / "survey")
    secret = ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]
    assert secret not in lake.attach_statement(read_only=True)
    assert secret.encode() not in (tmp_path / "catalog.sqlite").read_bytes()
    shown = capfd.readouterr()
    assert secret not in shown.out + shown.err


@pytest.mark.parametrize("missing", ["DHS_CATALOG", "DHS_CACHE"])
def test_what_a_remote_lake_needs_is_said(bucket, monkeypatch, capsys, missing, tmp_path):
    monkeypatch.delenv(missing)
    monkeypatch.setattr("sys.argv", ["ingest", "coadds"])
    assert main() == 1
    assert missing in capsys.readouterr().err


def test_a_remote_lake_has_no_embedded_survey(bucket):
    with pytest.raises(Exception, match="DHS_SURVEY"):
        survey_root()


def test_a_moved_cache_is_no_part_of_a_local_lake(own_lake, monkeypatch, tmp_path):
    monkeypatch.setenv("DHS_CACHE", str(tmp_path / "elsewhere"))
    assert lake.cache_root() == tmp_path / "elsewhere"
    assert lake.parts_root() == Path(own_lake)
