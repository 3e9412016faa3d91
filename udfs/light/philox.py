"""Philox 4x32-10, a counter-based generator.

Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". The draw is a pure
function of a key and a counter, so no order of work changes it.
"""

from typing import Any

import numpy as np

from udfs.jit import inlined, kernel

_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW_WORD = np.uint64(0xFFFFFFFF)
WORD_BITS = np.uint64(32)
_HALF, _UNIT_23 = np.float32(0.5), np.float32(2.0**-23)
LANES = 4  # words of a draw, given to four neighbouring pixels of a row


@inlined
def _two_rounds(c: Any, key: Any) -> Any:
    """Do two rounds; return the words and the key after them."""
    for _ in range(2):
        low, high = _MULTIPLIER_0 * c[0], _MULTIPLIER_1 * c[2]
        c = (
            (high >> WORD_BITS) ^ c[1] ^ key[0],
            high & LOW_WORD,
            (low >> WORD_BITS) ^ c[3] ^ key[1],
            low & LOW_WORD,
        )
        key = ((key[0] + _WEYL_0) & LOW_WORD, (key[1] + _WEYL_1) & LOW_WORD)
    return c, key


@inlined
def philox(counter: Any, key: Any) -> Any:
    """Return four 32-bit words for a counter and a key.

    The counter is four 32-bit words, the key two, all as uint64.

    The ten rounds are written out and the function is inlined: a loop or a call here would keep the
    loop over pixels from vectors, which are seven times faster.
    """
    words, key = _two_rounds(counter, key)
    words, key = _two_rounds(words, key)
    words, key = _two_rounds(words, key)
    words, key = _two_rounds(words, key)
    words, key = _two_rounds(words, key)
    return words


@inlined
def _unit(word: int) -> Any:
    """Turn a word into a float32 between 0 and 1.

    Its upper 23 bits, and a half for the rest.
    """
    return (np.float32(np.int32(word >> np.uint64(9))) + _HALF) * _UNIT_23


@kernel
def uniform(x: int, y: int, stream: int, key: int) -> float:
    """Draw a number between 0 and 1 for a pixel of the brick.

    To 23 bits and never either end, for a stream and a 64-bit key.

    The counter is (x // 4, y, stream, 0); the pixel takes word x modulo 4.
    """
    counter = (
        np.uint64(x >> 2) & LOW_WORD,
        np.uint64(y) & LOW_WORD,
        np.uint64(stream),
        np.uint64(0),
    )
    words = philox(counter, (np.uint64(key) & LOW_WORD, np.uint64(key) >> WORD_BITS))
    return float(_unit(words[x & 3]))


@kernel
def uniforms_of_box(place: Any, height: int, width: int, key: int, planes: np.ndarray) -> int:
    """Draw for a box of pixels what `uniform` gives them.

    One plane per word and all rows in one loop, so that it becomes vectors (0.5 ns a pixel instead
    of 12).

    Parameters
    ----------
    place : (x, y, stream)
        First column and row in the brick, and the number of the band.
    height, width : int, pixel
    key : uint64
    planes : (4 or more, height * ((width + 6) // 4) or more) float32, written
        The draw of column x and row y + r is planes[x % 4, r * n_groups + x // 4 - x0 // 4].

    Returns
    -------
    n_groups : int
        Groups of four pixels in a row.
    """
    x, y, stream = place
    first = x >> 2
    n_groups = ((x + width - 1) >> 2) - first + 1
    low, high, band = np.uint64(key) & LOW_WORD, np.uint64(key) >> WORD_BITS, np.uint64(stream)
    plane_0, plane_1, plane_2, plane_3 = planes[0], planes[1], planes[2], planes[3]
    for i in range(height * n_groups):
        row = i // n_groups
        column = np.uint64(first + (i - row * n_groups)) & LOW_WORD
        counter = (column, np.uint64(y + row) & LOW_WORD, band, np.uint64(0))
        w0, w1, w2, w3 = philox(counter, (low, high))
        plane_0[i], plane_1[i] = _unit(w0), _unit(w1)
        plane_2[i], plane_3[i] = _unit(w2), _unit(w3)
    return n_groups
