"""Rice decoding and dequantisation of FITS image tiles.

The format is that of the FITS standard 4.0, sections 10.2 (dithering) and 10.4.1 (Rice): a first
value of 32 bits, then blocks whose differences, folded to non-negative numbers, are written as a
unary high part and ``fs`` low bits. Everything here releases the interpreter lock.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, float64, int32, int64, types, uint8
from numba.extending import intrinsic

from udfs.jit import called_with, kernel, read_only

SPLIT_BITS = 5  # a block starts with fs + 1 in this many bits (32-bit values)
RAW_SPLIT = 25  # this fs says: differences stand as they are, 32 bits each
VALUE_BITS = 32
FIRST_VALUE_BYTES = 4
PADDING_BYTES = 8  # that the wide loads may touch past the end of a stream
SYMBOLS_PER_LOAD = 4
LOAD_BITS = 57  # of a 64-bit load at a byte border that are valid whatever the bit offset

OK, TOO_SHORT, TOO_LONG, BAD_SPLIT = range(4)
MEANINGS = {
    TOO_SHORT: "the Rice stream ends before the last value",
    TOO_LONG: "the Rice stream goes on after the last value",
    BAD_SPLIT: "the Rice stream has an impossible code",
}

N_RANDOM = 10_000  # length of the standard's table of random numbers
ZERO_CODE = -2147483646  # quantised value that stands for an exact zero in SUBTRACTIVE_DITHER_2
MINIMAL_MULTIPLIER, MINIMAL_MODULUS = 16807, 2147483647  # Park & Miller 1988, as the standard says
RANDOM_TABLE_LAST_SEED = 1043618065  # the standard's check of the table
DITHER_STARTS = np.float32(500.0)  # a tile's dither starts within the first so many values
NO_CODE = 2**40  # no 32-bit value


def _leading_zeros_in(typing_context: Any, word: Any) -> Any:
    """Count the zero bits above the highest one bit of a 64-bit word.

    64 for zero.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


def _load_big_endian_from(typing_context: Any, data: Any, offset: Any) -> Any:
    """Load eight bytes from any offset as one big-endian word."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        address = builder.gep(array.data, [args[1]])
        word = builder.bitcast(address, ir.IntType(64).as_pointer())
        return builder.bswap(builder.load(word, align=1))

    return types.uint64(data, types.int64), codegen


leading_zeros: Any = intrinsic(_leading_zeros_in)
load_big_endian: Any = intrinsic(_load_big_endian_from)


@kernel
def window(data: np.ndarray, bit: int) -> np.uint64:
    """Return the stream from ``bit`` on, left-aligned.

    At least `LOAD_BITS` of it are valid.

    Parameters
    ----------
    data : (n,) uint8
    bit : int

    Returns
    -------
    uint64
    """
    return load_big_endian(data, bit >> 3) << np.uint64(bit & 7)


@kernel
def _unfold(folded: np.uint64) -> np.int64:
    """Unfold a code to its signed difference: 0, -1, 1, -2, 2, ..."""
    return np.int64(folded >> np.uint64(1)) ^ -np.int64(folded & np.uint64(1))


@kernel
def _symbol(data: np.ndarray, bit: int, end: int, fs: int) -> tuple[np.uint64, int]:
    """Decode one folded difference; return it and the bit after it.

    However long its unary part; the bit is -1 past the end.
    """
    zeros = 0
    word = window(data, bit)
    while (word >> np.uint64(64 - LOAD_BITS)) == 0:
        bit += LOAD_BITS
        zeros += LOAD_BITS
        if bit >= end:
            return np.uint64(0), -1
        word = window(data, bit)
    leading = leading_zeros(word)
    bit += leading + 1
    if bit + fs > end:
        return np.uint64(0), -1
    low = (window(data, bit) >> np.uint64(1)) >> np.uint64(63 - fs)
    return (np.uint64(zeros + leading) << np.uint64(fs)) | low, bit + fs


@kernel
def _coded_block(
    data: np.ndarray, bit: Any, end: int, fs: int, last: Any, out: np.ndarray
) -> tuple[Any, Any]:
    """Decode one block of coded differences into ``out``.

    Returns (bit after it, last value).

    Four symbols are taken from one 64-bit load when they fit, which they nearly always do: the
    chain of dependent instructions per symbol falls to a count of zeros and two shifts.
    """
    n = out.size
    shift = np.uint64(63 - fs)
    i = 0
    while i < n:
        if i + SYMBOLS_PER_LOAD <= n and bit + 64 <= end:
            word = window(data, bit)
            used = 0
            value = last
            for j in range(SYMBOLS_PER_LOAD):
                leading = leading_zeros(word)
                word = (word << np.uint64(leading & 63)) << np.uint64(1)
                low = (word >> np.uint64(1)) >> shift
                value += _unfold((np.uint64(leading) << np.uint64(fs)) | low)
                out[i + j] = value
                word <<= np.uint64(fs)
                used += leading + 1 + fs
            if used <= LOAD_BITS:
                bit += used
                last = np.int64(np.int32(value))
                i += SYMBOLS_PER_LOAD
                continue
        folded, bit = _symbol(data, bit, end, fs)
        if bit < 0:
            return -1, last
        last = np.int64(np.int32(last + _unfold(folded)))
        out[i] = last
        i += 1
    return bit, last


@kernel
def _raw_block(data: np.ndarray, bit: Any, end: int, last: Any, out: np.ndarray) -> tuple[Any, Any]:
    """Decode one block of differences written as 32 bits each."""
    if bit + VALUE_BITS * out.size > end:
        return -1, last
    for i in range(out.size):
        folded = window(data, bit) >> np.uint64(64 - VALUE_BITS)
        last = np.int64(np.int32(last + _unfold(folded)))
        out[i] = last
        bit += VALUE_BITS
    return bit, last


@kernel
def decode_block(
    data: np.ndarray, bit: Any, end: int, fs: int, last: Any, out: np.ndarray
) -> tuple[Any, Any, int]:
    """Decode one block of any kind behind its split.

    Parameters
    ----------
    data : (n,) uint8
    bit : int
        First bit of the block.
    end : int
        Length of the stream in bits.
    fs : int
        Split of the block's values.
    last : int
        Value before the block.
    out : (n_values,) int32, written

    Returns
    -------
    (bit after it, last value, status) : int64, int64, int
    """
    if fs > RAW_SPLIT:
        return bit, last, BAD_SPLIT
    if fs < 0:
        out[:] = last
    elif fs < RAW_SPLIT:
        bit, last = _coded_block(data, bit, end, fs, last, out)
    else:
        bit, last = _raw_block(data, bit, end, last, out)
    return bit, last, TOO_SHORT if bit < 0 else OK


@kernel
def first_value(data: np.ndarray, bit: int) -> Any:
    """Read the 32-bit value that a stream starts with.

    Parameters
    ----------
    data : (n,) uint8
    bit : int

    Returns
    -------
    int64
    """
    return np.int64(np.int32(window(data, bit) >> np.uint64(64 - VALUE_BITS)))


@kernel
def split(data: np.ndarray, bit: int) -> Any:
    """Read how the values of a block are split, its ``fs``.

    Parameters
    ----------
    data : (n,) uint8
    bit : int
        First bit of the block.

    Returns
    -------
    int64
    """
    return np.int64(window(data, bit) >> np.uint64(64 - SPLIT_BITS)) - 1


@kernel
def _decode(data: np.ndarray, end: int, block_size: int, out: np.ndarray) -> int:
    """Decode a padded stream of ``end`` bits; return a status code."""
    if end < 8 * FIRST_VALUE_BYTES:
        return TOO_SHORT
    last = first_value(data, 0)
    bit = 8 * FIRST_VALUE_BYTES
    for start in range(0, out.size, block_size):
        if bit + SPLIT_BITS > end:
            return TOO_SHORT
        fs = split(data, bit)
        block = out[start : min(start + block_size, out.size)]
        bit, last, status = decode_block(data, bit + SPLIT_BITS, end, fs, last, block)
        if status != OK:
            return status
    return OK if end - bit < 8 else TOO_LONG


@called_with(lambda: [(read_only(uint8[::1]), int64, int64, int32[::1])])
@kernel
def decode(data: np.ndarray, n_bytes: int, block_size: int, out: np.ndarray) -> int:
    """Decode one Rice stream of 32-bit values.

    Parameters
    ----------
    data : (n_bytes + PADDING_BYTES,) uint8
        The stream and at least `PADDING_BYTES` bytes after it, whose values do not matter.
    n_bytes : int
        Length of the stream.
    block_size : int, values per block
    out : (n,) int32
        Receives the values.

    Returns
    -------
    int
        `OK`, or what is wrong with the stream: `TOO_SHORT` (it ends before the last value),
        `TOO_LONG` (more than a byte is left over), `BAD_SPLIT` (a code no encoder writes).
    """
    if data.size < n_bytes + PADDING_BYTES:
        return TOO_SHORT
    return _decode(data, 8 * n_bytes, block_size, out)


def _random_table() -> np.ndarray:
    """Return the standard's 10,000 dither values, float32 in (0, 1).

    FITS 4.0, appendix I.
    """
    table = np.empty(N_RANDOM, dtype=np.float32)
    seed = 1
    for i in range(N_RANDOM):
        seed = (MINIMAL_MULTIPLIER * seed) % MINIMAL_MODULUS
        table[i] = seed / MINIMAL_MODULUS
    if seed != RANDOM_TABLE_LAST_SEED:
        table[:] = np.nan
    return table


DITHER = _random_table()


@kernel
def _dequantise(quantised: np.ndarray, scaling: np.ndarray, out: np.ndarray) -> None:
    """Undo a quantisation without dither."""
    scale, zero = scaling[0], scaling[1]
    for i in range(quantised.size):
        out[i] = np.float64(quantised[i]) * scale + zero


@kernel
def _dequantise_dithered(
    quantised: np.ndarray, scaling: np.ndarray, dither: np.ndarray, row: int, out: np.ndarray
) -> None:
    """Undo a quantisation with subtractive dither.

    It starts at a place that ``row`` gives.

    The stretches are cut out before the loop over them: with ``start + j`` for an index, which might
    be negative, the loop does not become vectors, and a tile takes 19 us instead of 4.
    """
    scale, zero = scaling[0], scaling[1]
    start = int(dither[row] * DITHER_STARTS)
    i = 0
    while i < quantised.size:
        n = min(quantised.size - i, N_RANDOM - start)
        levels, offsets, values = quantised[i : i + n], dither[start : start + n], out[i : i + n]
        for j in range(n):
            values[j] = (np.float64(levels[j]) - np.float64(offsets[j]) + 0.5) * scale + zero
        i += n
        row = (row + 1) % N_RANDOM
        start = int(dither[row] * DITHER_STARTS)


@kernel
def _restore(quantised: np.ndarray, code: int, value: float, out: np.ndarray) -> None:
    """Put ``value`` where the quantised value is a code that stands for it."""
    for i in range(quantised.size):
        if quantised[i] == code:
            out[i] = value


@called_with(lambda: [(int32[::1], float64[::1], float32[::1], int64, int64[::1], float32[::1])])
@kernel
def dequantise(
    quantised: np.ndarray,
    scaling: np.ndarray,
    dither: np.ndarray,
    row: int,
    codes: np.ndarray,
    out: np.ndarray,
) -> None:
    """Turn a quantised tile into real values (FITS 4.0, section 10.2).

    Parameters
    ----------
    quantised : (n,) int32
    scaling : (2,) float64, unit of the image
        Scale and zero.
    dither : (10000,) or (0,) float32
        `DITHER`, or nothing when there is no dither.
    row : int
        0-based row of the tile plus ZDITHER0 less one: where in the table its dither starts.
    codes : (2,) int64
        Quantised values that stand for an exact zero and for a missing value (`NO_CODE`: none).
    out : (n,) float32, unit of the image
    """
    if dither.size == 0:
        _dequantise(quantised, scaling, out)
    else:
        _dequantise_dithered(quantised, scaling, dither, row % N_RANDOM, out)
    if codes[0] != NO_CODE:
        _restore(quantised, codes[0], 0.0, out)
    if codes[1] != NO_CODE:
        _restore(quantised, codes[1], np.nan, out)
