"""Bytes are asked for beforehand: which ones, and that nothing else depends on it."""

import mmap

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pixels import read_ahead, tiles
from tests.support.coadd_products import write_product

SPANS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 50)), max_size=20)


def plain_ranges(spans, gap):
    """Byte by byte: what is wanted, with holes below the gap filled."""
    wanted = sorted({byte for start, length in spans for byte in range(start, start + length)})
    ranges = []
    for byte in wanted:
        if ranges and byte - ranges[-1][1] < gap:
            ranges[-1][1] = byte + 1
        else:
            ranges.append([byte, byte + 1])
    return ranges


@given(SPANS, st.integers(1, 100))
def test_ranges_cover_the_spans_and_no_wide_hole(spans, gap):
    array = np.array(spans, dtype=np.int64).reshape(-1, 2)
    assert read_ahead.byte_ranges(array, gap).tolist() == plain_ranges(spans, gap)


class Asked(mmap.mmap):
    """A mapping that notes what it is asked for."""

    def madvise(self, *request):
        self.requests.append(request)


def test_tiles_are_asked_for_in_whole_pages(tmp_path):
    path = write_product(tmp_path, "image", (700, 900))
    image = tiles.open_images(path)[0]
    with path.open("rb") as file:
        asked = Asked(file.fileno(), 0, access=mmap.ACCESS_READ)
    asked.requests = []
    object.__setattr__(image, "data", np.frombuffer(asked, np.uint8))
    numbers = np.array([0, 1, 60])
    read_ahead.read_tiles_ahead(image, numbers)
    assert all(option == mmap.MADV_WILLNEED for option, _, _ in asked.requests)
    assert all(start % mmap.PAGESIZE == 0 for _, start, _ in asked.requests)
    for start, length in image.table.spans[numbers]:
        assert any(a <= start and start + length <= a + n for _, a, n in asked.requests)


def test_a_file_that_is_not_there_is_left_to_the_reader(tmp_path):
    read_ahead.read_heads_ahead([tmp_path / "nothing.fits.fz", tmp_path])


def test_a_system_without_such_requests_reads_all_the_same(tmp_path, monkeypatch):
    monkeypatch.delattr(read_ahead.os, "posix_fadvise", raising=False)
    monkeypatch.delattr(read_ahead.mmap, "MADV_WILLNEED", raising=False)
    path = write_product(tmp_path, "image", (130, 210))
    read_ahead.read_heads_ahead([path])
    image = tiles.open_images(path)[0]
    read_ahead.read_tiles_ahead(image, np.array([0]))
    assert tiles.read_section(image, slice(0, 10), slice(0, 10)).shape == (10, 10)
