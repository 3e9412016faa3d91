"""Rice streams and dequantisation against plain versions and another library's encoder."""

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import Rice1
from astropy.io.fits.hdu.compressed._quantization import Quantize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pixels import rice

BLOCK = 32


def encoded(values):
    """A Rice stream, written by astropy."""
    return bytes(Rice1(blocksize=BLOCK, bytepix=4, tilesize=values.size).encode(values))


def decoded(stream, n_values):
    """Status and values of our decoder."""
    out = np.empty(n_values, np.int32)
    padded = np.frombuffer(stream + bytes(rice.PADDING_BYTES), np.uint8)
    return rice.decode(padded, len(stream), BLOCK, out), out


def plain_decode(stream, n_values):
    """The standard's text, bit by bit: slow, and nothing to go wrong."""
    bits = iter(np.unpackbits(np.frombuffer(stream, np.uint8)).tolist())

    def number(width):
        return sum(next(bits) << (width - 1 - place) for place in range(width))

    def high_part():
        zeros = 0
        while not next(bits):
            zeros += 1
        return zeros

    last = number(32)
    values = []
    while len(values) < n_values:
        fs = number(5) - 1
        for _ in range(min(BLOCK, n_values - len(values))):
            if fs < 0:
                folded = 0
            elif fs == 25:
                folded = number(32)
            else:
                folded = (high_part() << fs) | number(fs)
            last += ~(folded >> 1) if folded & 1 else folded >> 1
            values.append((last + 2**31) % 2**32 - 2**31)
    return np.array(values, np.int32)


VALUES = st_numpy.arrays(
    np.int32,
    st.integers(1, 200),
    elements=st.one_of(
        st.integers(-3, 3),
        st.integers(-1000, 1000),
        st.sampled_from([0, rice.ZERO_CODE, 2**31 - 1, -(2**31)]),
        st.integers(-(2**31), 2**31 - 1),
    ),
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_what_another_library_encodes_is_decoded(values):
    stream = encoded(values)
    status, ours = decoded(stream, values.size)
    assert status == rice.OK
    np.testing.assert_array_equal(ours, values)
    np.testing.assert_array_equal(plain_decode(stream, values.size), values)


@pytest.mark.parametrize("sigma", [0, 0.5, 20, 1e4, 1e8])
def test_noise_of_any_width_is_decoded(sigma):
    rng = np.random.default_rng(2)
    values = np.rint(rng.normal(0, sigma, 10_000)).astype(np.int32)
    status, ours = decoded(encoded(values), values.size)
    assert status == rice.OK
    np.testing.assert_array_equal(ours, values)


def test_a_stream_that_is_cut_or_goes_on_is_refused():
    stream = encoded(np.arange(1000, dtype=np.int32) ** 2 % 777)
    assert {decoded(stream[:n], 1000)[0] for n in range(len(stream))} == {rice.TOO_SHORT}
    assert decoded(stream + b"\0", 1000)[0] == rice.TOO_LONG


def test_a_code_that_no_encoder_writes_is_refused():
    impossible = 27 << 3  # the five bits after the first value say fs = 26
    assert decoded(bytes([0, 0, 0, 1, impossible, 0, 0, 0]), 32)[0] == rice.BAD_SPLIT


def test_a_stream_without_room_for_the_wide_loads_is_refused():
    stream = np.frombuffer(encoded(np.zeros(10, np.int32)), np.uint8)
    assert rice.decode(stream, stream.size, BLOCK, np.empty(10, np.int32)) == rice.TOO_SHORT


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 500))
def test_any_bytes_end_with_a_status(stream, n_values):
    status, _ = decoded(stream, n_values)
    assert status in (rice.OK, *rice.MEANINGS)


def test_the_dither_table_is_the_standards():
    """FITS 4.0, appendix I: the 10,000th seed is 1043618065."""
    assert rice.DITHER.size == 10_000
    assert rice.DITHER[0] == np.float32(16807 / 2147483647)
    assert rice.DITHER[-1] == np.float32(1043618065 / 2147483647)


@pytest.mark.parametrize("method", [1, 2])
@pytest.mark.parametrize("row", [0, 1, 9_999, 10_000, 123_456])
def test_dithered_values_are_restored_bit_for_bit(method, row):
    rng = np.random.default_rng(row)
    quantised = rng.integers(-(2**20), 2**20, 10_000, dtype=np.int32)
    quantised[::7] = rice.ZERO_CODE
    scale, zero = 1e-4, 12.3456789
    reference = Quantize(row=row + 1, dither_method=method, quantize_level=None, bitpix=-32)
    expected = np.frombuffer(reference.decode_quantized(quantised, scale, zero), np.float32)
    codes = np.array([rice.ZERO_CODE if method == 2 else rice.NO_CODE, rice.NO_CODE])
    ours = np.empty(10_000, np.float32)
    rice.dequantise(quantised, np.array([scale, zero]), rice.DITHER, row, codes, ours)
    np.testing.assert_array_equal(ours, expected)


def test_missing_values_are_not_a_number():
    quantised = np.array([5, -7, 5], np.int32)
    codes = np.array([rice.NO_CODE, -7])
    ours = np.empty(3, np.float32)
    rice.dequantise(quantised, np.array([2.0, 1.0]), rice.DITHER[:0], 0, codes, ours)
    np.testing.assert_array_equal(ours, [11, np.nan, 11])
