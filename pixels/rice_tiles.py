"""Rice tiles by the eight, decoded side by side in vector lanes.

Then they are dequantised.

Within a stream each symbol starts where the one before ends, so that the processor waits most of the
time, 23 us a tile. Eight streams do not wait for each other, and their steps are the same: count
zeros, shift, add. A block in which one of the eight takes more care is decoded one by one, as is the
rest of a number that eight does not divide.
"""

from typing import Any

import numpy as np
from numba import float32, float64, int64, uint8

from pixels import rice
from pixels.rice import OK, TOO_LONG, TOO_SHORT, leading_zeros, load_big_endian
from udfs.jit import called_with, kernel, read_only

LANES = 8  # 64-bit words in the widest vectors
SYMBOLS = rice.SYMBOLS_PER_LOAD
LONGEST_BLOCK = 32  # values
WIDEST_SPLIT = 11  # four symbols of a wider split rarely fit into one load
BLOCK_BITS_PER_VALUE = 16  # that four symbols a load never exceed
# A block may read too far before it is found to be no plain one: each of its values takes at most 64
# zeros, a one, and `WIDEST_SPLIT` bits.
SLACK_BYTES = LONGEST_BLOCK * (64 + 1 + WIDEST_SPLIT) // 8 + rice.PADDING_BYTES

# Rows of the lanes' state. One array for all of it: of several, the compiler would have to prove at
# run time that they do not overlap, and gives up.
WORD, SPLIT, LAST, BIT, USED, VALUES = 0, LANES, 2 * LANES, 3 * LANES, 4 * LANES, 5 * LANES
STATE_SIZE = VALUES + SYMBOLS * LANES
ONE, HIGHEST = np.uint64(1), np.uint64(63)


@kernel
def _step(state: np.ndarray) -> None:
    """Take four symbols from the word of each lane.

    The most bits used so far are kept.
    """
    for k in range(LANES):
        word, fs, last, used = state[WORD + k], state[SPLIT + k], state[LAST + k], np.uint64(0)
        for j in range(SYMBOLS):
            leading = np.uint64(leading_zeros(word))
            one_and_low = (word << (leading & HIGHEST)) >> (HIGHEST - fs)
            folded = ((leading - ONE) << fs) + one_and_low
            last += (folded >> ONE) ^ (np.uint64(0) - (folded & ONE))
            state[VALUES + j * LANES + k] = last
            n_bits = leading + fs + ONE
            used += n_bits
            word <<= n_bits & HIGHEST
        state[LAST + k] = last
        state[BIT + k] += used
        state[USED + k] = max(state[USED + k], used)


@kernel
def _plain_block(
    data: np.ndarray, state: np.ndarray, start: int, end: int, out: np.ndarray
) -> bool:
    """Decode values ``start`` to ``end`` of all lanes.

    False when in one of them four symbols did not fit into a load; then nothing of it counts.
    """
    for k in range(LANES):
        state[USED + k] = 0
    for i in range(start, end, SYMBOLS):
        for k in range(LANES):
            bit = state[BIT + k]
            state[WORD + k] = load_big_endian(data, np.int64(bit >> np.uint64(3))) << (
                bit & np.uint64(7)
            )
        _step(state)
        for k in range(LANES):
            for j in range(SYMBOLS):
                out[k, i + j] = np.int32(state[VALUES + j * LANES + k])
    most = np.uint64(0)
    for k in range(LANES):
        most = max(most, state[USED + k])
    return bool(most <= np.uint64(rice.LOAD_BITS))


@kernel
def _splits(data: np.ndarray, ends: np.ndarray, status: np.ndarray, state: np.ndarray) -> Any:
    """Read the splits of the next block of every lane.

    Returns the bits to spare in the worst lane, -1 for none.
    """
    to_spare: Any = np.int64(2**40)
    for k in range(LANES):
        bit = np.int64(state[BIT + k])
        if status[k] == OK and bit + rice.SPLIT_BITS > ends[k]:
            status[k] = TOO_SHORT
        if status[k] != OK:
            to_spare = np.int64(-1)
            continue
        fs = rice.split(data, bit)
        state[SPLIT + k] = np.uint64(fs)
        state[BIT + k] = bit + rice.SPLIT_BITS
        is_narrow = 0 <= fs <= WIDEST_SPLIT
        to_spare = min(to_spare, ends[k] - bit - rice.SPLIT_BITS if is_narrow else -1)
    return to_spare


@kernel
def _careful_block(
    data: np.ndarray, ends: np.ndarray, status: np.ndarray, state: np.ndarray, out: np.ndarray
) -> None:
    """Decode a block lane by lane."""
    for k in range(LANES):
        if status[k] != OK:
            continue
        last = np.int64(np.int32(state[LAST + k]))
        bit, fs = np.int64(state[BIT + k]), np.int64(state[SPLIT + k])
        bit, last, status[k] = rice.decode_block(data, bit, ends[k], fs, last, out[k])
        if status[k] == OK:
            state[BIT + k], state[LAST + k] = np.uint64(bit), np.uint64(last)


@kernel
def decode_lanes(
    data: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    block_size: int,
    out: np.ndarray,
    status: np.ndarray,
) -> None:
    """Decode eight Rice streams of 32-bit values.

    Parameters
    ----------
    data : (n,) uint8
        Holds the streams, and at least `SLACK_BYTES` more behind the last.
    starts, ends : (8,) int64, bits
    block_size : int, values per block
    out : (8, n_values) int32
        Receives the values.
    status : (8,) int8
        Receives what `rice.decode` returns.
    """
    state = np.zeros(STATE_SIZE, dtype=np.uint64)
    for k in range(LANES):
        status[k] = OK if ends[k] - starts[k] >= 8 * rice.FIRST_VALUE_BYTES else TOO_SHORT
        state[LAST + k] = np.uint64(rice.first_value(data, starts[k]))
        state[BIT + k] = starts[k] + 8 * rice.FIRST_VALUE_BYTES
    before = state.copy()
    for start in range(0, out.shape[1], block_size):
        end = min(start + block_size, out.shape[1])
        n = end - start
        to_spare = _splits(data, ends, status, state)
        before[:] = state
        if n % SYMBOLS == 0 and n <= LONGEST_BLOCK and to_spare >= BLOCK_BITS_PER_VALUE * n:
            if _plain_block(data, state, start, end, out):
                continue
            state[:] = before
        _careful_block(data, ends, status, state, out[:, start:end])
    for k in range(LANES):
        if status[k] == OK and ends[k] - np.int64(state[BIT + k]) >= 8:
            status[k] = TOO_LONG


@called_with(
    lambda: [
        (
            read_only(uint8[::1]),
            int64[:, ::1],
            int64,
            float64[:, ::1],
            float32[::1],
            int64[::1],
            int64[::1],
            float32[:, ::1],
        )
    ]
)
@kernel
def decode_tiles(
    data: np.ndarray,
    spans: np.ndarray,
    block_size: int,
    scaling: np.ndarray,
    dither: np.ndarray,
    rows: np.ndarray,
    codes: np.ndarray,
    out: np.ndarray,
) -> np.ndarray:
    """Decode and dequantise tiles in one call.

    They stay in the cache between the two.

    Parameters
    ----------
    data : (n_bytes,) uint8
        The file.
    spans : (n, 2) int64, bytes
        Start and length of the stream of each tile in ``data``.
    block_size : int, values per block of the Rice code
    scaling : (n, 2) float64, unit of the image
    dither, rows, codes
        As in `rice.dequantise`, a row for each tile.
    out : (n, n_values) float32
        Receives the pixels.

    Returns
    -------
    (n,) int8
        Status of each tile, as `rice.decode` gives it.
    """
    status = np.zeros(len(spans), dtype=np.int8)
    longest = 0 if len(spans) == 0 else spans[:, 1].max()
    room = longest + rice.PADDING_BYTES
    streams = np.zeros(LANES * room + SLACK_BYTES, dtype=np.uint8)
    quantised = np.empty((LANES, out.shape[1]), dtype=np.int32)
    starts = np.arange(LANES) * room
    for first in range(0, len(spans), LANES):
        group = spans[first : first + LANES]
        for k in range(len(group)):
            stream = data[group[k, 0] : group[k, 0] + group[k, 1]]
            streams[starts[k] : starts[k] + stream.size] = stream
        if len(group) == LANES:
            ends = 8 * (starts + group[:, 1])
            codes_of = status[first : first + LANES]
            decode_lanes(streams, 8 * starts, ends, block_size, quantised, codes_of)
        for k in range(len(group)):
            i = first + k
            if len(group) < LANES:
                status[i] = rice.decode(
                    streams[starts[k] : starts[k] + room], group[k, 1], block_size, quantised[k]
                )
            if status[i] == OK:
                rice.dequantise(quantised[k], scaling[i], dither, rows[i], codes, out[i])
    return status
