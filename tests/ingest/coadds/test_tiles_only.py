"""Tiles only: the same stamps bit for bit, from a fraction of the bytes."""

import re
from pathlib import Path

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from ingest.coadds.cache import BrickFolder
from ingest.coadds.sparse_file import merged, without
from ingest.cutouts.objects import SIZE_PIX
from pixels.cards import FitsError
from pixels.tiles import cut_squares, open_images
from store import lake
from tests.support.coadd_survey import TEMPLATE as BRICK
from udfs.batch.stamps import stamp_corner

SIZE = 96
PRODUCTS = ["image-g", "invvar-r", "psfsize-z", "maskbits"]


def name_of(product: str) -> str:
    return f"legacysurvey-{BRICK}-{product}.fits.fz"


@pytest.fixture
def hosts(station):
    """Writes tasks at pixel positions of the brick; returns a function that does."""
    header = fits.getheader(station.original() / name_of("image-g"), 1)
    wcs = WCS(header, naxis=2)

    def write(*pixels: tuple[float, float]) -> np.ndarray:
        sky = wcs.all_pix2world(np.array(pixels), 0)
        with lake.connect() as connection:
            connection.execute(
                "create or replace table injection_tasks as select ? as brickname, "
                "unnest(?::double[]) as ra, unnest(?::double[]) as dec, ?::integer as stamp_size",
                [BRICK, sky[:, 0].tolist(), sky[:, 1].tolist(), SIZE],
            )
        return np.array(pixels)

    return write


def corners(pixels: np.ndarray, size: int = SIZE) -> np.ndarray:
    return np.stack([stamp_corner(pixels[:, 0], size), stamp_corner(pixels[:, 1], size)], axis=1)


def assert_same_stamps(station, pixels: np.ndarray, product: str, size: int = SIZE) -> None:
    """The cache's stamps against CFITSIO's reading of the survey's whole file."""
    [image, *_] = open_images(station.cache() / name_of(product))
    found = cut_squares(image, corners(pixels, size), size)
    with fitsio.FITS(str(station.original() / name_of(product))) as whole:
        for stamp, (x, y) in zip(found, corners(pixels, size), strict=True):
            expected = whole[1][y : y + size, x : x + size]
            assert stamp.tobytes() == expected.astype(stamp.dtype).tobytes()


SCATTERED = [(1800.0, 1800.0), (1555.2, 1999.5), (1990.0, 1623.9), (49.0, 3549.0)]


@pytest.mark.parametrize("transport", ["http", "s3", "local"])
def test_stamps_are_the_same_bit_for_bit(station, hosts, request, transport, capsys):
    if transport == "s3":
        station.url = request.getfixturevalue("s3_survey")
    elif transport == "local":
        station.url = str(station.survey)
    pixels = hosts(*SCATTERED)
    assert station.fetch("--tiles-only") == 0
    for product in PRODUCTS:
        assert_same_stamps(station, pixels, product)
    moved, whole = map(
        float,
        re.search(r"\(([\d.]+) MB moved.* have ([\d.]+) MB", capsys.readouterr().out).groups(),
    )
    assert moved < 0.4 * whole
    n_bytes = sum(path.stat().st_size for path in station.original().glob("*.fz"))
    assert whole == pytest.approx(n_bytes / 1e6, abs=0.05)
    assert station.outcome(f"000/{BRICK}/")[0]
    assert (station.cache() / "_SUCCESS").exists()


def test_hosts_of_the_sham_have_their_tiles_too(station, hosts, capsys):
    """A sham injection needs all products, on a larger square."""
    negatives = hosts((2750.0, 650.0), (2752.6, 3051.0))
    with lake.connect() as connection:
        connection.execute(
            "create table sham_hosts as"
            " select brickname, ra, dec, true as is_fetched, ? as size_pix from injection_tasks",
            [SIZE_PIX],
        )
    spare = hosts((3300.0, 300.0))
    with lake.connect() as connection:
        connection.execute(
            "insert into sham_hosts select brickname, ra, dec, false, ? from injection_tasks",
            [SIZE_PIX],
        )
    pixels = hosts(SCATTERED[0])
    assert station.fetch("--tiles-only") == 0
    assert "sham: tiles of 2 hosts of the sham injection (table sham_hosts)" in (
        capsys.readouterr().out
    )
    for product in PRODUCTS:
        assert_same_stamps(station, pixels, product)
        assert_same_stamps(station, negatives, product, SIZE_PIX)
        [image, *_] = open_images(station.cache() / name_of(product))
        with pytest.raises(FitsError, match="no bytes"):
            cut_squares(image, corners(spare), SIZE)


def test_without_hosts_of_the_sham_their_tiles_are_missed_aloud(station, hosts, caplog):
    pixels = hosts(SCATTERED[0])
    assert station.fetch("--tiles-only") == 0
    assert "there is no table sham_hosts" in caplog.text
    assert_same_stamps(station, pixels, "image-g")


def test_what_was_moved_is_what_the_server_sent(station, hosts, capsys):
    hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    ranges = [
        re.fullmatch(r"bytes=(\d+)-(\d+)", asked) for *_, asked, _ in station.orders.asked if asked
    ]
    sent = sum(int(match[2]) - int(match[1]) + 1 for match in ranges)
    assert f"({sent / 1e6:.1f} MB moved" in capsys.readouterr().out


def test_a_tile_that_is_not_here_is_never_taken_for_pixels(station, hosts):
    hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    for product in PRODUCTS:
        [image, *_] = open_images(station.cache() / name_of(product))
        with pytest.raises(FitsError, match="no bytes"):
            cut_squares(image, np.array([[100, 100]]), SIZE)


def test_more_tasks_bring_more_tiles_and_keep_those_that_are_there(station, hosts):
    first = hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    n_before = len(BrickFolder(station.lake / "coadds", BRICK).records()[name_of("image-g")].tiles)
    second = hosts(*SCATTERED[1:3])
    assert station.fetch("--tiles-only") == 0
    n_after = len(BrickFolder(station.lake / "coadds", BRICK).records()[name_of("image-g")].tiles)
    assert n_after > n_before
    for product in PRODUCTS:
        assert_same_stamps(station, np.concatenate([first, second]), product)


def test_a_second_run_asks_for_nothing(station, hosts):
    hosts(*SCATTERED)
    station.fetch("--tiles-only")
    n_before = len(station.orders.asked)
    assert station.fetch("--tiles-only") == 0
    assert len(station.orders.asked) == n_before


def test_a_file_that_changed_at_its_source_is_not_mixed(station, hosts):
    hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    (station.original() / name_of("image-g")).touch()  # another version: another ETag
    pixels = hosts(*SCATTERED[1:3])
    station.fetch("--tiles-only")
    assert_same_stamps(station, pixels, "image-g")
    [image, *_] = open_images(station.cache() / name_of("image-g"))
    with pytest.raises(FitsError, match="no bytes"):
        cut_squares(image, corners(np.array(SCATTERED[:1])), SIZE)


def test_a_server_that_ignores_ranges_is_noticed(station, hosts):
    pixels = hosts(*SCATTERED)
    station.orders.always["*"] = "whole"
    assert station.fetch("--tiles-only", network=("--workers", 1)) == 0
    for product in PRODUCTS:
        name = name_of(product)
        assert (station.cache() / name).read_bytes() == (station.original() / name).read_bytes()
        assert_same_stamps(station, pixels, product)
    assert sum(asked is not None for *_, asked, _ in station.orders.asked) == 1


def test_a_whole_fetch_completes_a_sparse_file(station, hosts):
    hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    assert station.fetch() == 0
    for path in station.original().glob("*.fz"):
        assert (station.cache() / path.name).read_bytes() == path.read_bytes()
    n_before = len(station.orders.asked)
    hosts(*SCATTERED[1:])
    station.fetch("--tiles-only")
    assert len(station.orders.asked) == n_before


def test_most_of_a_file_is_fetched_as_a_whole(station, hosts):
    hosts(*[(float(x), float(y)) for x in range(100, 3500, 90) for y in range(100, 3500, 90)])
    station.fetch("--tiles-only")
    name = name_of("image-g")
    assert (station.cache() / name).read_bytes() == (station.original() / name).read_bytes()


def test_a_passing_trouble_is_tried_again(station, hosts):
    pixels = hosts(SCATTERED[0])
    station.orders.first[name_of("image-g")] = ["status 500"]
    assert station.fetch("--tiles-only") == 0
    assert station.outcome(name_of("image-g")) == (True, None, 2)
    assert_same_stamps(station, pixels, "image-g")


def test_verify_knows_sparse_files(station, hosts):
    hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    assert station.fetch("--verify") == 0
    assert station.outcome(f"000/{BRICK}/")[0]
    path = station.cache() / name_of("image-g")
    content = bytearray(path.read_bytes())
    content[300_000] ^= 1
    path.write_bytes(content)
    station.fetch("--verify")
    assert station.outcome(name_of("image-g"))[:2] == (False, "checksum_mismatch")


def test_holes_take_no_space(station, hosts):
    hosts(SCATTERED[0])
    station.fetch("--tiles-only")
    status = Path(station.cache() / name_of("psfsize-g")).stat()
    assert status.st_blocks * 512 < status.st_size / 2


def test_ranges_are_joined_across_small_gaps():
    assert merged([(50, 60), (0, 10), (12, 20), (5, 8)], 2) == [(0, 20), (50, 60)]
    assert merged([(3, 3)], 0) == []


def test_what_is_held_is_left_out():
    assert without((0, 100), [(10, 20), (50, 60)]) == [(0, 10), (20, 50), (60, 100)]
    assert without((12, 18), [(10, 20)]) == []
    assert without((0, 5), [(10, 20)]) == [(0, 5)]
