"""Tiles decoded eight at once against the same tiles one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixels import rice, rice_tiles
from tests.pixels.test_rice import BLOCK, decoded, encoded

SCALING = (1e-4, 0.5)


def laid_out(streams):
    """One array with all streams, something between them, and the place of each."""
    gap = b"\xa5" * 3
    data, spans = b"", []
    for stream in streams:
        data += gap
        spans.append((len(data), len(stream)))
        data += stream
    return np.frombuffer(data + gap, np.uint8), np.array(spans, np.int64).reshape(-1, 2)


def together(streams, n_values):
    """Statuses and pixels of all streams in one call."""
    data, spans = laid_out(streams)
    n = len(streams)
    pixels = np.zeros((n, n_values), np.float32)
    codes = np.array([rice.ZERO_CODE, rice.NO_CODE])
    scaling = np.tile(SCALING, (n, 1))
    rows = np.arange(n)
    status = rice_tiles.decode_tiles(data, spans, BLOCK, scaling, rice.DITHER, rows, codes, pixels)
    return status, pixels


def one_by_one(streams, n_values):
    """The same by the decoder of single streams; zero where a stream is refused."""
    statuses, pixels = [], np.zeros((len(streams), n_values), np.float32)
    codes = np.array([rice.ZERO_CODE, rice.NO_CODE])
    for row, stream in enumerate(streams):
        status, values = decoded(stream, n_values)
        statuses.append(status)
        if status == rice.OK:
            rice.dequantise(values, np.array(SCALING), rice.DITHER, row, codes, pixels[row])
    return statuses, pixels


def assert_same(streams, n_values):
    """Equal in status and in every bit of the pixels."""
    status, pixels = together(streams, n_values)
    expected_status, expected = one_by_one(streams, n_values)
    assert status.tolist() == expected_status
    np.testing.assert_array_equal(pixels.view(np.int32), expected.view(np.int32))


def noise(n_values, sigma, seed):
    """A tile of noise as quantised values."""
    drawn = np.random.default_rng(seed).normal(0, sigma, n_values)
    return np.rint(drawn).astype(np.int32)


@pytest.mark.parametrize("n_streams", [0, 1, 7, 8, 9, 24])
@pytest.mark.parametrize("n_values", [32, 100, 10_000, 101])
def test_noise_in_any_number_of_tiles(n_streams, n_values):
    assert_same([encoded(noise(n_values, 60 + 40 * k, k)) for k in range(n_streams)], n_values)


def test_tiles_of_all_kinds_beside_each_other():
    """Narrow and wide splits, constant and raw blocks, stars, exact zeros."""
    n = 3200
    starry = noise(n, 50, 1)
    starry[::97] += 2_000_000
    holed = noise(n, 50, 2)
    holed[500:1500] = rice.ZERO_CODE
    raw = np.random.default_rng(3).integers(-(2**31), 2**31, n).astype(np.int32)
    tiles = [np.full(n, 7), starry, holed, raw, noise(n, 1e6, 4), noise(n, 0.3, 5)]
    streams = [encoded(tile.astype(np.int32)) for tile in tiles]
    assert_same(streams * 4, n)
    assert set(together(streams * 4, n)[0].tolist()) == {rice.OK}


@pytest.mark.parametrize("lane", range(8))
def test_a_damaged_tile_costs_only_itself(lane):
    n = 1000
    good = [encoded(noise(n, 80, k)) for k in range(8)]
    impossible = good[lane][:4] + bytes([27 << 3]) + good[lane][5:]
    for damaged, status in (
        (good[lane][:-9], rice.TOO_SHORT),
        (good[lane][:3], rice.TOO_SHORT),
        (b"", rice.TOO_SHORT),
        (good[lane] + b"\0\0", rice.TOO_LONG),
        (impossible, rice.BAD_SPLIT),
    ):
        streams = [*good[:lane], damaged, *good[lane + 1 :]]
        assert together(streams, n)[0].tolist() == [status if k == lane else 0 for k in range(8)]
        assert_same(streams, n)


@pytest.mark.parametrize("filling", [b"\0", b"\xff", b"\x55"])
def test_streams_of_nonsense_end_as_they_do_one_by_one(filling):
    """Zeros are the longest unary codes. That none leads out of the buffer: `test_rice_bounds`."""
    head = bytes(4) + bytes([6 << 3])
    assert_same([head + filling * 9000] * 8, 10_000)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_is_seen_as_by_the_decoder_of_single_streams(data):
    n = data.draw(st.sampled_from([32, 64, 320, 333]))
    streams = [bytearray(encoded(noise(n, 10 ** (k / 2), k))) for k in range(8)]
    for _ in range(data.draw(st.integers(1, 12))):
        stream = streams[data.draw(st.integers(0, 7))]
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 7))
    streams[cut] = streams[cut][: data.draw(st.integers(0, len(streams[cut])))]
    assert_same([bytes(stream) for stream in streams], n)
