"""HCOMPRESS decoding of FITS image tiles.

White 1992; FITS 4.0, section 10.4.4.

A tile's H-transform is stored as four quadrants of coefficients; of each, bit plane by bit plane, a
quadtree of nibbles, from the root down and each level from its end to its start; then a nibble 0,
and the signs of what is not zero. The transform is undone in integers, level by level, and gives
back what went in. Reading is by position, so that it is known whether more was needed than was there.
"""

from typing import Any

import numpy as np
from numba import int64, uint8

from pixels.rice import load_big_endian
from udfs.jit import called_with, inlined, kernel, read_only

OK, TOO_SHORT, BAD_CODE, TOO_LARGE = range(4)
MEANINGS = {
    TOO_SHORT: "the stream ends before the last value",
    BAD_CODE: "the stream has an impossible code",
    TOO_LARGE: "the stream has values of more than 32 bits",
}
PADDING_BYTES = 8  # that the wide loads may touch past the end of a stream

QUADTREE, AS_IT_IS = 15, 0  # how a bit plane is stored
NIBBLE_BITS, LONGEST_CODE_BITS = 4, 6


def _huffman_table() -> np.ndarray:
    """Return the nibble and length of the code that six bits start with.

    As ``nibble << 4 | length``.
    """
    codes = {
        "000": 1, "001": 2, "010": 4, "011": 8,
        "1000": 3, "1001": 5, "1010": 10, "1011": 12, "1100": 15,
        "11010": 6, "11011": 7, "11100": 9, "11101": 11, "11110": 13,
        "111110": 0, "111111": 14,
    }  # fmt: skip
    table = np.zeros(2**LONGEST_CODE_BITS, dtype=np.int64)
    for code, nibble in codes.items():
        spare = LONGEST_CODE_BITS - len(code)
        first = int(code, 2) << spare
        table[first : first + (1 << spare)] = nibble << 4 | len(code)
    return table


HUFFMAN = _huffman_table()


@kernel
def _bits(data: np.ndarray, bit: int, n: int) -> Any:
    """Read ``n`` bits of a stream, at most 32.

    Past the end they are those of the padding.
    """
    byte = min(bit >> 3, data.size - PADDING_BYTES)
    return np.int64((load_big_endian(data, byte) << np.uint64(bit & 7)) >> np.uint64(64 - n))


@kernel
def _n_levels(longest: int) -> int:
    """Count the halvings after which a side is 1."""
    n = 0
    while (1 << n) < longest:
        n += 1
    return n


@kernel
def _spread(nibbles: np.ndarray, height: int, width: int, flags: np.ndarray) -> None:
    """Put the bits of nibbles at their places in a grid.

    A nibble is two rows of two bits, the grid ``height`` by ``width``.
    """
    across, down = (width + 1) // 2, (height + 1) // 2
    flags[: height * width] = 0
    for i in range(down):
        for j in range(across):
            nibble = nibbles[i * across + j]
            if nibble == 0:
                continue
            corner = 2 * i * width + 2 * j
            flags[corner] = nibble >> 3
            if 2 * j + 1 < width:
                flags[corner + 1] = (nibble >> 2) & 1
            if 2 * i + 1 < height:
                flags[corner + width] = (nibble >> 1) & 1
                if 2 * j + 1 < width:
                    flags[corner + width + 1] = nibble & 1


@kernel
def _insert(nibbles: np.ndarray, plane: int, quadrant: np.ndarray) -> None:
    """Set one bit plane of a quadrant."""
    height, width = quadrant.shape
    across, down = (width + 1) // 2, (height + 1) // 2
    one = np.int64(1) << plane
    for i in range(down):
        for j in range(across):
            nibble = np.int64(nibbles[i * across + j])
            if nibble == 0:
                continue
            y, x = 2 * i, 2 * j
            quadrant[y, x] |= (nibble >> 3) * one
            if x + 1 < width:
                quadrant[y, x + 1] |= ((nibble >> 2) & 1) * one
            if y + 1 < height:
                quadrant[y + 1, x] |= ((nibble >> 1) & 1) * one
                if x + 1 < width:
                    quadrant[y + 1, x + 1] |= (nibble & 1) * one


@kernel
def _quadtree(
    data: np.ndarray, bit: int, sides: tuple[int, int], one: np.ndarray, other: np.ndarray
) -> tuple[Any, Any, Any]:
    """Read the nibbles of a bit plane from its tree.

    Also returns the other buffer, and the bit after the tree.
    """
    height, width = sides
    code = HUFFMAN[_bits(data, bit, LONGEST_CODE_BITS)]
    one[0] = code >> 4
    bit += code & 15
    for level in range(_n_levels(max(height, width)) - 1, 0, -1):
        rows, columns = ((height - 1) >> level) + 1, ((width - 1) >> level) + 1
        _spread(one, rows, columns, other)
        for i in range(rows * columns - 1, -1, -1):
            if other[i] != 0:
                code = HUFFMAN[_bits(data, bit, LONGEST_CODE_BITS)]
                other[i] = code >> 4
                bit += code & 15
        one, other = other, one
    return one, other, bit


@kernel
def _read_quadrant(
    data: np.ndarray, bit: int, end: int, n_planes: int, quadrant: np.ndarray
) -> tuple[Any, int]:
    """Read the absolute values of a quadrant's coefficients.

    Returns the bit after them, and a status.
    """
    height, width = quadrant.shape
    n_nibbles = ((height + 1) // 2) * ((width + 1) // 2)
    one, other = np.empty(n_nibbles + 1, np.uint8), np.empty(n_nibbles + 1, np.uint8)
    for plane in range(n_planes - 1, -1, -1):
        kind = _bits(data, bit, NIBBLE_BITS)
        bit += NIBBLE_BITS
        if kind == QUADTREE:
            one, other, bit = _quadtree(data, bit, (height, width), one, other)
        elif kind == AS_IT_IS:
            for i in range(n_nibbles):
                one[i] = _bits(data, bit, NIBBLE_BITS)
                bit += NIBBLE_BITS
        else:
            return bit, TOO_SHORT if bit > end else BAD_CODE
        if bit > end:
            return bit, TOO_SHORT
        _insert(one, plane, quadrant)
    return bit, OK


@kernel
def _read_signs(data: np.ndarray, bit: int, end: int, values: np.ndarray) -> Any:
    """Give the coefficients their signs; return the bit after them."""
    for i in range(values.size):
        if values[i] != 0:
            if bit < end and _bits(data, bit, 1):
                values[i] = -values[i]
            bit += 1
    return bit


@inlined
def _rounded(value: Any, bit: Any) -> Any:
    """Round a coefficient to a multiple of ``bit``.

    Halves go away from 0.
    """
    half = bit >> 1
    return (value + (half if value >= 0 else max(half - 1, 0))) & -bit


@inlined
def _toward_zero(value: Any, step: Any) -> Any:
    """Move a value by a step towards 0."""
    return value - step if value >= 0 else value + step


@inlined
def _four(h0: Any, hx: Any, hy: Any, hc: Any, bit: Any) -> Any:
    """Return four times the pixels of a square.

    From its sum and its three differences.

    The encoder leaves out bits that follow from others, as sum and differences have one parity:
    ``bit`` of the diagonal difference tells those of the other two, and all tell that of the sum.
    A difference that an odd border lacks is 0.
    """
    hx, hy, hc = _rounded(hx, 2 * bit), _rounded(hy, 2 * bit), _rounded(hc, bit)
    low = hc & bit
    hx, hy = _toward_zero(hx, low), _toward_zero(hy, low)
    high = (hc ^ hx ^ hy) & (2 * bit)
    if h0 >= 0:
        h0 += low - high
    else:
        h0 += high if low == 0 else low - high
    return h0 - hx - hy + hc, h0 - hx + hy - hc, h0 + hx - hy - hc, h0 + hx + hy + hc


@kernel
def _undo_level(
    values: np.ndarray, rows: int, columns: int, bit: Any, shift: Any, out: np.ndarray
) -> None:
    """Undo a level: sums and differences of ``values`` become ``out``."""
    down, across = (rows + 1) // 2, (columns + 1) // 2
    nothing = np.zeros(values.shape[1], dtype=np.int64)
    for i in range(down):
        has_second = 2 * i + 1 < rows
        upper, lower = values[i], values[down + i] if has_second else nothing
        first, second = out[2 * i], out[2 * i + 1] if has_second else nothing.copy()
        for j in range(columns // 2):
            a, b, c, d = _four(upper[j], lower[j], upper[across + j], lower[across + j], bit)
            first[2 * j], first[2 * j + 1] = a >> shift, b >> shift
            second[2 * j], second[2 * j + 1] = c >> shift, d >> shift
        if columns % 2:
            zero = np.int64(0)
            a, _, c, _ = _four(upper[across - 1], lower[across - 1], zero, zero, bit)
            first[columns - 1], second[columns - 1] = a >> shift, c >> shift


@kernel
def _undo_transform(values: np.ndarray) -> None:
    """Undo the H-transform, in place."""
    height, width = values.shape
    n_levels = _n_levels(max(height, width))
    if n_levels == 0:
        return
    values[0, 0] = _rounded(values[0, 0], np.int64(2) << n_levels)
    out = np.empty((height + 1, width + 1), dtype=np.int64)
    for level in range(n_levels - 1, -1, -1):
        rows, columns = ((height - 1) >> level) + 1, ((width - 1) >> level) + 1
        _undo_level(values, rows, columns, np.int64(1) << level, 2 if level == 0 else 1, out)
        values[:rows, :columns] = out[:rows, :columns]


@kernel
def _are_32_bits(values: np.ndarray) -> bool:
    """Return whether all values are 32-bit integers.

    Those of every image in this format are.
    """
    bits = np.int64(0)
    for row in values:
        for value in row:
            bits |= value ^ (value >> 63)
    return bits >> 31 == 0


@called_with(lambda: [(read_only(uint8[::1]), int64, int64[::1], int64[:, ::1])])
@kernel
def decode(data: np.ndarray, total: int, n_planes: np.ndarray, out: np.ndarray) -> int:
    """Decode what follows the head of an HCOMPRESS stream.

    Parameters
    ----------
    data : (n_bytes + PADDING_BYTES,) uint8
        The stream behind its head, and `PADDING_BYTES` bytes, whose values do not matter.
    total : int
        Sum of all pixels as the transform scales it: the head states it.
    n_planes : (3,) int64
        Bit planes of the first quadrant, the two mixed ones, and the last; at most 40.
    out : (height, width) int64
        Receives the values.

    Returns
    -------
    int
        `OK`, or what is wrong with the stream: `TOO_SHORT`, `BAD_CODE` or `TOO_LARGE`.
    """
    if data.size < PADDING_BYTES:
        return TOO_SHORT
    end = 8 * (data.size - PADDING_BYTES)
    out[:] = 0
    bit = 0
    down, across = (out.shape[0] + 1) // 2, (out.shape[1] + 1) // 2
    for quadrant in range(4):
        i, j = quadrant // 2, quadrant % 2
        block = out[:down] if i == 0 else out[down:]
        block = block[:, :across] if j == 0 else block[:, across:]
        bit, status = _read_quadrant(data, bit, end, n_planes[i + j], block)
        if status != OK:
            return status
    if _bits(data, bit, NIBBLE_BITS) != 0:
        return TOO_SHORT if bit + NIBBLE_BITS > end else BAD_CODE
    bit = (bit + NIBBLE_BITS + 7) // 8 * 8
    for i in range(out.shape[0]):
        bit = _read_signs(data, bit, end, out[i])
    if bit > end:
        return TOO_SHORT
    out[0, 0] = total
    _undo_transform(out)
    return OK if _are_32_bits(out) else TOO_LARGE
