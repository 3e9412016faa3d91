"""HCOMPRESS streams against another library's encoder and decoder."""

import struct

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import HCompress1
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pixels import hcompress

HEAD = struct.Struct(">Hiiiq3B")
SHAPES = st.tuples(st.integers(4, 30), st.integers(4, 30))


def encoded(values):
    """An HCOMPRESS stream, written by astropy."""
    height, width = values.shape
    codec = HCompress1(scale=0, smooth=False, bytepix=4, nx=height, ny=width)
    return bytes(codec.encode(values.astype(np.int32)))


def decoded(stream):
    """Status and values of our decoder."""
    _, height, width, _, total, *planes = HEAD.unpack_from(stream)
    padded = np.frombuffer(stream[HEAD.size :] + bytes(hcompress.PADDING_BYTES), np.uint8)
    values = np.empty((height, width), np.int64)
    return hcompress.decode(padded, total, np.array(planes), values), values


def other_decoded(stream, shape):
    """The values by astropy's decoder, or None where it refuses."""
    codec = HCompress1(scale=0, smooth=False, bytepix=8, nx=shape[0], ny=shape[1])
    try:
        return codec.decode(np.frombuffer(stream + bytes(200_000), np.uint8)).reshape(shape)
    except Exception:
        return None


def arrays(elements):
    """Small images of such values."""
    return st_numpy.arrays(np.int32, SHAPES, elements=elements)


IMAGES = st.one_of(
    arrays(st.integers(-3, 3)),
    arrays(st.integers(-(2**20), 2**20)),
    arrays(st.sampled_from([0, 0, 0, 1, 2**7, 2**13])),
)


@settings(max_examples=300, deadline=None)
@given(IMAGES)
def test_what_another_library_encodes_is_decoded(values):
    status, ours = decoded(encoded(values))
    assert status == hcompress.OK
    np.testing.assert_array_equal(ours, values)


@pytest.mark.parametrize("shape", [(100, 100), (64, 64), (33, 100), (4, 129), (97, 5)])
@pytest.mark.parametrize("share", [0, 0.01, 1])
def test_masks_of_any_density_are_decoded(shape, share):
    rng = np.random.default_rng(3)
    values = (rng.random(shape) < share) * (1 << rng.integers(0, 14, shape))
    status, ours = decoded(encoded(values))
    assert status == hcompress.OK
    np.testing.assert_array_equal(ours, values)


@pytest.mark.parametrize("spread", [1, 2, 900])
def test_every_stream_that_is_cut_is_refused(spread):
    """Wherever the cut is: in a bit plane, before the nibble at the end, in the signs."""
    values = np.random.default_rng(4).integers(-spread, spread, (12, 17))
    stream = encoded(values)
    for end in range(HEAD.size, len(stream)):
        assert decoded(stream[:end])[0] == hcompress.TOO_SHORT


def test_bytes_behind_a_stream_do_not_matter():
    values = np.arange(80).reshape(8, 10)
    for tail in (b"\0" * 9, b"\xff" * 9):
        status, ours = decoded(encoded(values) + tail)
        assert status == hcompress.OK
        np.testing.assert_array_equal(ours, values)


def test_a_code_that_no_encoder_writes_is_refused():
    stream = HEAD.pack(0xDD99, 8, 8, 0, 0, 1, 0, 0) + b"\x70" + bytes(20)
    assert decoded(stream)[0] == hcompress.BAD_CODE


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (2**31 - 1, hcompress.OK),
        (-(2**31), hcompress.OK),
        (2**31, hcompress.TOO_LARGE),
        (-(2**31) - 1, hcompress.TOO_LARGE),
    ],
)
def test_values_of_more_than_32_bits_are_refused(value, status):
    """An image of one value: of its transform only the sum in the head is not 0."""
    stream = bytearray(encoded(np.ones((8, 8))))
    (total,) = struct.unpack_from(">q", stream, 14)
    struct.pack_into(">q", stream, 14, value * total)
    ours, values = decoded(bytes(stream))
    assert ours == status
    assert (values == value).all()


@settings(max_examples=300, deadline=None)
@given(IMAGES, st.data())
def test_damage_gives_what_the_other_decoder_gives_or_a_status(values, data):
    stream = bytearray(encoded(values))
    place = data.draw(st.integers(HEAD.size, len(stream) - 1))
    stream[place] = data.draw(st.integers(0, 255))
    status, ours = decoded(bytes(stream))
    if status == hcompress.OK:
        np.testing.assert_array_equal(
            ours.astype(np.int32), other_decoded(bytes(stream), values.shape)
        )
    else:
        assert status in hcompress.MEANINGS


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), SHAPES, st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_any_bytes_end_with_a_status(tail, shape, planes):
    status, _ = decoded(HEAD.pack(0xDD99, *shape, 0, 5, *planes) + tail)
    assert status in (hcompress.OK, *hcompress.MEANINGS)
