"""Rice decoding with every read and write checked, in a process of its own (`test_rice_bounds`).

numba checks the bounds of arrays when NUMBA_BOUNDSCHECK is 1, but not the wide loads, which take an
address. They are replaced here, before anything is compiled, by loads that look where they read.
"""

import numpy as np

from pixels import rice, rice_tiles
from tests.pixels.test_rice import BLOCK, encoded
from tests.pixels.test_rice_tiles import SCALING, noise
from udfs.jit import kernel

LOAD_BYTES = 8


@kernel
def checked_load(data, offset):
    """What `rice.load_big_endian` gives; an IndexError where that would read beside the array."""
    if offset < 0 or offset + LOAD_BYTES > data.size:
        raise IndexError("a wide load beyond the buffer")
    word = np.uint64(0)
    for i in range(LOAD_BYTES):
        word = (word << np.uint64(8)) | np.uint64(data[offset + i])
    return word


rice.load_big_endian = rice_tiles.load_big_endian = checked_load


def alone(stream, n_values, padding=rice.PADDING_BYTES, behind=0):
    """Decode one stream with as much behind it as is promised, and no byte more."""
    data = np.frombuffer(stream + bytes([behind]) * padding, np.uint8)
    rice._decode(data, 8 * len(stream), BLOCK, np.empty(n_values, np.int32))


def in_lanes(streams, n_values, slack=rice_tiles.SLACK_BYTES, behind=0):
    """Decode eight streams that stand close together, the slack behind the last."""
    lengths = np.array([len(stream) for stream in streams])
    starts = np.cumsum(lengths) - lengths
    data = np.frombuffer(b"".join(streams) + bytes([behind]) * slack, np.uint8)
    out = np.empty((len(streams), n_values), np.int32)
    status = np.zeros(len(streams), np.int8)
    rice_tiles.decode_lanes(data, 8 * starts, 8 * (starts + lengths), BLOCK, out, status)


def as_tiles(streams, n_values):
    """Decode streams as the tiles of a file that begins and ends with them."""
    lengths = np.array([len(stream) for stream in streams])
    spans = np.stack([np.cumsum(lengths) - lengths, lengths], axis=1)
    codes = np.array([rice.ZERO_CODE, rice.NO_CODE])
    rice_tiles.decode_tiles(
        np.frombuffer(b"".join(streams), np.uint8),
        spans,
        BLOCK,
        np.tile(SCALING, (len(streams), 1)),
        rice.DITHER,
        np.arange(len(streams)),
        codes,
        np.empty((len(streams), n_values), np.float32),
    )


def everywhere(streams, n_values):
    """Decode streams in all three ways; what is behind them are codes that never end, and ones."""
    for behind in (0, 0xFF):
        for stream in streams:
            alone(stream, n_values, behind=behind)
        in_lanes(streams, n_values, behind=behind)
    for n_streams in (1, len(streams), len(streams) + 1):
        as_tiles([*streams, streams[0]][:n_streams], n_values)


def running_on(split, n_bytes, filling):
    """A first value, a split, and one byte over and over."""
    return (bytes(4) + bytes([(split + 1) << 3]) + filling * n_bytes)[:n_bytes]


def nonsense():
    """Streams that run on as far as any can, of every split and of lengths around a block's."""
    for filling in (b"\0", b"\xff", b"\x55", b"\x01"):
        for split in range(-1, rice.RAW_SPLIT + 3):
            for n_bytes in (0, 3, 4, 5, 8, *range(60, 80), 300):
                yield running_on(split, n_bytes, filling)


def damaged(n_values, n_cases, seed):
    """Eight streams of noise at a time, some of their bytes changed and one of them cut."""
    rng = np.random.default_rng(seed)
    good = [encoded(noise(n_values, 10 ** (k / 2), k)) for k in range(rice_tiles.LANES)]
    for _ in range(n_cases):
        streams = [bytearray(stream) for stream in good]
        for _ in range(rng.integers(0, 12)):
            stream = streams[rng.integers(len(streams))]
            stream[rng.integers(len(stream))] = rng.choice([0, 0, 1, 0xFF, rng.integers(256)])
        cut = rng.integers(len(streams))
        streams[cut] = streams[cut][: rng.integers(len(streams[cut]) + 1)]
        yield [bytes(streams[i]) for i in rng.permutation(len(streams))]


def refuses_less_room():
    """With less behind a stream than is promised the checks see a read beyond it."""
    ends_at_the_border = running_on(0, 5 + 2, b"\xff")  # each one bit, the last that of the stream
    longest = running_on(rice_tiles.WIDEST_SPLIT, 69, b"\0")  # a block's worth to spare, no ones
    for decode, streams, room in (
        (alone, ends_at_the_border, {"padding": rice.PADDING_BYTES - 1}),
        (in_lanes, [longest] * rice_tiles.LANES, {"slack": rice_tiles.SLACK_BYTES // 2}),
    ):
        try:
            decode(streams, BLOCK, **room)
        except IndexError:
            continue
        raise AssertionError(f"{decode.__name__} with {room} read nothing beyond the buffer")


def main():
    """Raises the first read or write beyond an array."""
    refuses_less_room()
    for n_values in (BLOCK, 2 * BLOCK, 3 * BLOCK + 5):
        for stream in nonsense():
            everywhere([stream] * rice_tiles.LANES, n_values)
    for n_values in (32, 320, 333):
        for streams in damaged(n_values, n_cases=300, seed=n_values):
            everywhere(streams, n_values)


if __name__ == "__main__":
    main()
