"""Cutouts of training objects, from coadds and from a cutout service."""

import io
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from ingest.cutouts.from_service import parsed_cutout
from ingest.cutouts.objects import CutoutSettings
from store import lake
from store.failures import FileRefused
from tests.ingest.conftest import QUICK
from tests.support.coadd_survey import TEMPLATE as BRICK
from tests.support.servers import Handler

SIZE = 101
PIXELS = [(1800.0, 1800.0), (1555.2, 1999.5), (1990.49, 1623.51), (50.0, 3549.0)]
OUTCOMES = (
    "select file_name, is_ok, reason_code from raw_outcomes where product = 'cutouts' order by all"
)


@pytest.fixture
def sample(station):
    """Writes training_sample at pixel positions of the brick."""
    header = fits.getheader(station.original() / f"legacysurvey-{BRICK}-image-g.fits.fz", 1)
    wcs = WCS(header, naxis=2)

    def write(pixels: list[tuple[float, float]], brick: str | None = BRICK, start: int = 0) -> None:
        sky = wcs.all_pix2world(np.array(pixels), 0)
        names = [f"{brick}_{start + i}" for i in range(len(sky))]
        with lake.connect() as connection:
            connection.execute(
                "create table if not exists training_sample "
                "(galaxy_id varchar, brickname varchar, ra double, dec double, tier varchar)"
            )
            connection.execute(
                "insert into training_sample select unnest(?::varchar[]), ?, "
                "unnest(?::double[]), unnest(?::double[]), 'A'",
                [names, brick, sky[:, 0].tolist(), sky[:, 1].tolist()],
            )

    return write


def cut(station, *arguments: object, source: object = None) -> int:
    return station.run(*QUICK, "cutouts", "--source", source or station.url, *arguments)


def expected_cutout(station, x: float, y: float) -> np.ndarray:
    """CFITSIO's pixels of the survey's own files, around the nearest pixel."""
    x0, y0 = round(x) - SIZE // 2, round(y) - SIZE // 2
    planes = []
    for band in "grz":
        with fitsio.FITS(
            str(station.original() / f"legacysurvey-{BRICK}-image-{band}.fits.fz")
        ) as file:
            planes.append(file[1][y0 : y0 + SIZE, x0 : x0 + SIZE])
    return np.stack(planes)


@pytest.mark.parametrize("transport", ["http", "s3", "local", "cache"])
def test_pixels_are_the_coadds_untouched(station, sample, request, transport):
    if transport == "cache":
        station.fetch()
        n_before = len(station.orders.asked)
    source = {"local": station.survey}.get(transport, station.url)
    if transport == "s3":
        source = request.getfixturevalue("s3_survey")
    sample(PIXELS)
    assert cut(station, source=source) == 0
    rows = station.query(
        "select galaxy_id, pixels, x_pix, y_pix, release from cutout_pixels order by all"
    )
    assert [row[0] for row in rows] == [f"{BRICK}_{i}" for i in range(4)]
    for (_, pixels, x, y, _), (x_wanted, y_wanted) in zip(rows, PIXELS, strict=True):
        found = np.array(pixels, np.float32).reshape(3, SIZE, SIZE)
        assert found.tobytes() == expected_cutout(station, x_wanted, y_wanted).tobytes()
        assert (x, y) == pytest.approx((x_wanted, y_wanted), abs=1e-6)
    if transport == "cache":
        assert len(station.orders.asked) == n_before


def test_a_second_run_makes_only_what_is_new(station, sample, capsys):
    sample(PIXELS[:2])
    cut(station)
    [part] = (station.lake / "cutouts").iterdir()
    written = part.stat().st_mtime_ns
    sample(PIXELS[2:], start=2)
    assert cut(station) == 0
    assert "2 of 2 objects" in capsys.readouterr().out
    assert part.stat().st_mtime_ns == written
    assert station.query("select count(*), count(distinct galaxy_id) from cutout_pixels") == [
        (4, 4)
    ]


def test_what_cannot_be_cut_out_has_its_reason(station, sample):
    sample([PIXELS[0], (49.0, 1800.0), (-9e3, 3e4)])
    sample(PIXELS[:1], brick="3333p333")
    sample(PIXELS[:1], brick="../../x")
    with lake.connect() as connection:
        connection.execute(
            f"insert into training_sample values ('nowhere', '{BRICK}', null, 1, 'A')"
        )
        connection.execute("insert into training_sample values ('homeless', null, 1, 1, 'A')")
    assert cut(station) == 0
    assert station.query(OUTCOMES) == [
        ("../../x_0", False, "bad_brick_name"),
        (f"{BRICK}_0", True, None),
        (f"{BRICK}_1", False, "off_brick"),
        (f"{BRICK}_2", False, "off_brick"),
        ("3333p333_0", False, "not_found"),
        ("homeless", False, "bad_brick_name"),
        ("nowhere", False, "missing_coordinates"),
    ]


def test_a_failure_that_passed_is_mended_by_the_next_run(station, sample):
    sample(PIXELS)
    station.orders.always["*"] = "status 500"
    assert cut(station) == 1
    assert {row[2] for row in station.query(OUTCOMES)} == {"server_failure"}
    station.orders.always.clear()
    assert cut(station) == 0
    assert {row[1:] for row in station.query(OUTCOMES)} == {(True, None)}


def test_parts_of_a_killed_run_are_taken_in(station, sample):
    sample(PIXELS)
    cut(station)
    with lake.connect() as connection:
        connection.execute("drop table cutout_pixels")
    leftover = station.lake / "cutouts" / ".part-0.parquet.1.partial"
    leftover.write_bytes(b"half")
    assert cut(station) == 0
    assert not leftover.exists()
    assert station.query("select count(*) from cutout_pixels") == [(4,)]


def test_other_settings_need_force(station, sample, capsys):
    sample(PIXELS)
    cut(station)
    assert cut(station, "--size", 64) == 1
    assert "--force" in capsys.readouterr().err
    assert cut(station, "--size", 64, "--force") == 0
    assert station.query("select distinct size_pix, len(pixels) from cutout_pixels") == [
        (64, 3 * 64**2)
    ]


def test_npz_files_load_without_pickle(station, sample, tmp_path):
    sample(PIXELS[:1])
    assert cut(station, "--npz", tmp_path / "npz") == 0
    with np.load(tmp_path / "npz" / f"{BRICK}_0.npz") as file:
        cutout = file["cutout"]
        assert cutout.shape == (SIZE, SIZE, 3)
        np.testing.assert_array_equal(
            np.moveaxis(cutout, -1, 0), expected_cutout(station, *PIXELS[0])
        )
        assert str(file["meta_galaxy_id"]) == f"{BRICK}_0"
        assert str(file["meta_tier"]) == "A"
        assert float(file["meta_ra"]) == pytest.approx(0.125, abs=1e-3)


def test_cutting_leaves_a_complete_brick_marked(station, sample):
    station.fetch()
    sample(PIXELS)
    cut(station)
    assert (station.cache() / "_SUCCESS").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--table", "absent"), ("--table", "x; drop"), ("--bands", "gg"), ("--bands", "q")],
)
def test_a_wrong_argument_is_one_sentence(station, sample, capsys, arguments):
    sample(PIXELS)
    assert cut(station, *arguments) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert error[0].startswith("error: ")


def test_an_object_twice_is_refused(station, sample, capsys):
    sample(PIXELS[:1])
    sample(PIXELS[:1])
    assert cut(station) == 1
    assert "1 twice" in capsys.readouterr().err


# --- the cutout service ---------------------------------------------------------------------------

SETTINGS = CutoutSettings("service", "grz", 8)


def service_answer(shape=(3, 8, 8), bands="grz") -> bytes:
    cube = fits.PrimaryHDU(
        np.arange(np.prod(shape), dtype=np.float32).reshape(shape) if shape else None
    )
    for index, band in enumerate(bands):
        cube.header[f"BAND{index}"] = band
    cube.header["VERSION"] = "DR10"
    stream = io.BytesIO()
    cube.writeto(stream)
    return stream.getvalue()


def test_an_answer_of_the_service_is_taken_as_it_is():
    pixels, _ = parsed_cutout(service_answer(), SETTINGS)
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, np.arange(192).reshape(3, 8, 8))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html>Error</html>", "not_fits"),
        (service_answer()[:-100], "not_fits"),
        (service_answer(shape=(4, 8, 8), bands="griz"), "wrong_n_bands"),
        (service_answer(bands="gri"), "wrong_n_bands"),
        (service_answer(shape=(8, 8)), "wrong_n_bands"),
        (service_answer(shape=(3, 9, 8)), "wrong_size"),
        (service_answer(shape=None), "no_data_in_hdu0"),
        (service_answer()[:2880], "parse_error"),
    ],
)
def test_another_answer_is_refused_with_its_reason(answer, reason):
    with pytest.raises(FileRefused) as refused:
        parsed_cutout(answer, SETTINGS)
    assert refused.value.reason_code == reason


def test_cutouts_come_from_the_service_on_request(station, sample, monkeypatch):
    queries = []

    def answer(handler: Handler, *, with_body: bool) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        queries.append(query)
        size = int(query["size"][0])
        handler.send(200, service_answer((3, size, size), query["bands"][0]), with_body)

    monkeypatch.setattr(Handler, "answer", answer)
    sample(PIXELS[:2])
    assert cut(station, "--size", 8, "--service", station.url + "/viewer/fits-cutout") == 0
    rows = station.query("select cutout_origin, release, pixels from cutout_pixels")
    assert [row[:2] for row in rows] == [("service", "DR10")] * 2
    assert rows[0][2] == list(range(192))
    assert {q["layer"][0] for q in queries} == {"ls-dr10-south"}
    assert {q["pixscale"][0] for q in queries} == {"0.262"}
    assert [float(q["ra"][0]) for q in queries] == pytest.approx([0.125, 0.143], abs=2e-2)


def test_a_part_file_missing_from_a_moved_lake_is_no_error(station, sample, tmp_path, monkeypatch):
    sample(PIXELS)
    cut(station)
    moved = Path(shutil.move(station.lake, tmp_path / "moved"))
    monkeypatch.setenv("DHS_LAKE", str(moved))
    assert cut(station) == 0
    assert station.query("select count(*) from cutout_pixels") == [(4,)]
