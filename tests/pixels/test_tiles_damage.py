"""Damaged tiles: whatever the bytes, there are pixels of the right shape or a reason."""

import gzip
import itertools
from contextlib import contextmanager

import fitsio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixels import codecs as fits_codecs
from pixels import tiles
from pixels.read_ahead import read_tiles_ahead
from pixels.tiles import FitsError
from tests.support.coadd_products import PRODUCTS, write_product

SHAPE = (130, 210)
REASONS = {"not_fits", "bad_header", "bad_tile", "file_truncated", "unknown_compression"}
FLIPS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Content of one small file of each product."""
    folder = tmp_path_factory.mktemp("products")
    return {name: write_product(folder, name, SHAPE).read_bytes() for name in PRODUCTS}


@contextmanager
def suppress_reasons():
    """What a reader gave, its reason when it refused; any other error ends the test."""
    given = {}
    try:
        yield given
    except FitsError as error:
        given["reason"] = error.reason_code


def read_all(path):
    """All images of a file."""
    return [
        tiles.read_section(image, slice(0, image.shape[1]), slice(0, image.shape[0]))
        for image in tiles.open_images(path)
    ]


@pytest.mark.parametrize("product", PRODUCTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(flips=FLIPS, kept=st.one_of(st.just(1.0), st.floats(0, 1)))
def test_flipped_bytes_and_cut_files_give_pixels_or_a_reason(
    files, tmp_path_factory, product, flips, kept
):
    content = bytearray(files[product])
    for place, value in flips:
        content[int(place * len(content))] = value
    path = tmp_path_factory.getbasetemp() / f"damaged-{product}.fits.fz"
    path.write_bytes(content[: int(kept * len(content)) // 2880 * 2880])
    with suppress_reasons() as given:
        given["images"] = read_all(path)
    assert given.get("reason", "bad_tile") in REASONS
    assert all(image.ndim == 2 for image in given.get("images", ()))


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_tile_of_nonsense_is_refused(files, tmp_path, product):
    path = tmp_path / "file.fits.fz"
    path.write_bytes(files[product])
    image = tiles.open_images(path)[0]
    start, length = image.table.spans[0]
    for filling in (b"\0", b"\xff"):
        content = bytearray(files[product])
        content[start : start + length] = filling * int(length)
        path.write_bytes(content)
        with pytest.raises(FitsError) as caught:
            read_all(path)
        assert caught.value.reason_code == "bad_tile"
        assert "tile 0" in str(caught.value)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_shortened_tile_is_refused(files, tmp_path, product):
    """The descriptor says a few bytes less than the stream has."""
    path = tmp_path / "file.fits.fz"
    path.write_bytes(files[product])
    image = tiles.open_images(path)[0]
    content = bytearray(files[product])
    place = image.hdu.data_offset
    length = int.from_bytes(content[place : place + 4], "big")
    content[place : place + 4] = (length - 3).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(FitsError) as caught:
        read_all(path)
    assert caught.value.reason_code == "bad_tile"


@pytest.mark.parametrize("offset", [2**31 - 1, -1, 10**7])
def test_a_descriptor_that_points_outside_the_file_is_refused(files, tmp_path, offset):
    path = tmp_path / "file.fits.fz"
    path.write_bytes(files["image"])
    place = tiles.open_images(path)[0].hdu.data_offset + 4
    content = bytearray(files["image"])
    content[place : place + 4] = offset.to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    with pytest.raises(FitsError) as caught:
        tiles.open_images(path)
    assert caught.value.reason_code == "bad_tile"


@pytest.mark.parametrize("value", [-(10**9), -1, 0, 10**9, 10**30])
@pytest.mark.parametrize("keyword", ["THEAP", "ZBLANK", "ZDITHER0", "NAXIS2", "ZVAL1"])
def test_impossible_numbers_in_a_header_give_pixels_or_a_reason(files, tmp_path, keyword, value):
    """In place of the card itself, or of one that is not needed."""
    path = tmp_path / "file.fits.fz"
    content = bytearray(files["image"])
    place = content.find(f"{keyword:8}=".encode(), content.find(b"XTENSION"))
    place = content.find(b"ZSIMPLE =") if place < 0 else place
    content[place : place + 80] = f"{keyword:8}= {value:>20}".ljust(80).encode()
    path.write_bytes(content)
    with suppress_reasons() as given:
        image = tiles.open_images(path)[0]
        read_tiles_ahead(image, np.arange(len(image.table.spans)))
        given["images"] = read_all(path)
    assert given.get("reason", "bad_tile") in REASONS
    assert given.keys() == {"reason"} or given["images"][0].shape == SHAPE


def with_cards(content, **cards):
    """A file with other values in its first extension; a card that is not there takes ZSIMPLE's place."""
    changed = bytearray(content)
    for keyword, value in cards.items():
        place = content.find(f"{keyword:8}=".encode(), content.find(b"XTENSION"))
        place = content.find(b"ZSIMPLE =") if place < 0 else place
        changed[place : place + 80] = f"{keyword:8}= {value!r:>20}".ljust(80).encode()
    return bytes(changed)


@pytest.mark.parametrize(
    ("forms", "empty"),
    [
        ({"TFORM2": "2D", "TFORM3": "0D"}, "ZZERO"),  # nothing behind it in the row
        ({"TFORM2": "0D", "TFORM3": "2D"}, "ZSCALE"),  # another column's bytes behind it
        ({"TFORM1": "0PB(9)", "TFORM2": "2D"}, "COMPRESSED_DATA"),
        (
            {"TTYPE1": "ZZERO", "TFORM1": "2D", "TTYPE3": "COMPRESSED_DATA", "TFORM3": "0PB(9)"},
            "COMPRESSED_DATA",
        ),
    ],
)
def test_a_column_that_holds_nothing_is_refused(files, tmp_path, forms, empty):
    """The row's length is right, so that only the repeat count tells."""
    path = tmp_path / "file.fits.fz"
    path.write_bytes(with_cards(files["image"], **forms))
    with pytest.raises(FitsError, match=f"{empty} holds nothing") as caught:
        tiles.open_images(path)
    assert caught.value.reason_code == "bad_header"


def test_a_column_that_nobody_reads_may_hold_nothing(files, tmp_path):
    """Repeat 0 is allowed by the standard (FITS 4.0, section 7.3.1)."""
    path = tmp_path / "file.fits.fz"
    path.write_bytes(with_cards(files["image"], TFIELDS=4, TFORM4="0J"))
    assert tiles.open_images(path)[0].hdu.integer("TFIELDS") == 4
    ours = read_all(path)[0]
    path.write_bytes(files["image"])
    assert np.array_equal(ours, read_all(path)[0])


NO_SCALING = (
    {"TTYPE2": "A", "TTYPE3": "B"},
    {"TFORM2": "1K", "TFORM3": "1K"},
    {"TTYPE2": "A", "TTYPE3": "B", "ZSCALE": "x", "ZZERO": "x"},
)


def compressed(settings, pixels):
    """A file of float32 pixels, as CFITSIO compresses them."""
    with fitsio.FITS(f"mem://[compress {settings}]", "rw") as memory:
        memory.write(pixels.astype(np.float32))
        return memory.read_raw()


@pytest.mark.parametrize(
    ("algorithm", "cards"),
    # GZIP packs floats too: a header that does not speak of a scale at all is that of such a file.
    [*itertools.product("RH", NO_SCALING), *itertools.product("G", NO_SCALING[1:])],
)
def test_levels_without_a_scale_are_no_pixels(tmp_path, algorithm, cards):
    """There are few levels: each is a float32 exactly, and nothing else would tell."""
    path = tmp_path / "levels.fits.fz"
    content = compressed(f"{algorithm} 100,100; q0 4", np.random.default_rng(1).random(SHAPE))
    path.write_bytes(content)
    assert read_all(path)
    path.write_bytes(with_cards(content, **cards))
    with pytest.raises(FitsError, match="ZSCALE and ZZERO") as caught:
        tiles.open_images(path)
    assert caught.value.reason_code == "bad_header"


def test_tiles_that_hold_no_levels_need_no_scale(tmp_path):
    """All were too rough for levels: their floats are in the column of gzipped tiles."""
    path = tmp_path / "rough.fits.fz"
    path.write_bytes(
        with_cards(
            compressed("R 100,100; q0 16", np.random.default_rng(1).random((100, 100))),
            TTYPE2="GZIP_COMPRESSED_DATA",
            TFORM2="1PB(99)",
            TTYPE3="UNUSED",
        )
    )
    stream = gzip.compress(np.full(10_000, 1.5, ">f4").tobytes())
    content, place = bytearray(path.read_bytes()), fitsio.FITS(str(path))[1].get_offsets()
    row = np.array([0, 0, len(stream), 0], ">i4").tobytes() + bytes(8)
    heap = place["data_start"] + len(row)
    content[place["data_start"] : heap] = row
    content[heap : heap + len(stream)] = stream
    path.write_bytes(content)
    assert np.array_equal(read_all(path)[0], np.full((100, 100), 1.5, np.float32))


def test_gzip_never_unpacks_more_than_a_tile():
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(FitsError, match="40001 bytes for 10000 values"):
        fits_codecs.decode_gzip(bomb, 10_000, is_float=True)


@pytest.mark.parametrize(
    "stream",
    [b"", b"\x1f\x8b", b"\0" * 30, gzip.compress(bytes(39_996))],
    ids=["nothing", "two_bytes", "zeros", "one_value_short"],  # the compressed bytes hold the time
)
def test_gzip_of_another_length_is_refused(stream):
    with pytest.raises(FitsError) as caught:
        fits_codecs.decode_gzip(stream, 10_000, is_float=True)
    assert caught.value.reason_code == "bad_tile"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_after_an_hcompress_head_end_well(tail):
    head = fits_codecs.HCOMPRESS_HEAD.pack(0xDD99, 10, 12, 0, 5, 9, 8, 7)
    with suppress_reasons() as given:
        given["values"] = fits_codecs.decode_hcompress(head + tail, 10, 12)
    assert given.get("reason", "bad_tile") == "bad_tile"
    assert given.get("values", np.empty(120)).shape == (120,)
