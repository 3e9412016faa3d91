"""Philox 4x32-10, a counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy
as 1, 2, 3"): the draw is a pure function of a key and a counter, so no order of work changes it."""

import hashlib
from typing import Any

import numpy as np

from udfs.jit import kernel

_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ROUNDS = 10
_UNIT = 2.0**-53


@kernel
def philox(c0: int, c1: int, c2: int, c3: int, key0: int, key1: int) -> Any:
    """Four 32-bit words for a counter of four and a key of two 32-bit words, all as uint64."""
    for _ in range(_ROUNDS):
        product_0, product_1 = _MULTIPLIER_0 * c0, _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> _HALF) ^ c1 ^ key0,
            product_1 & _LOW,
            (product_0 >> _HALF) ^ c3 ^ key1,
            product_0 & _LOW,
        )
        key0, key1 = (key0 + _WEYL_0) & _LOW, (key1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@kernel
def uniform(x: int, y: int, stream: int, key: int) -> float:
    """Number strictly between 0 and 1 for a pixel, a stream and a 64-bit key."""
    c0, c1, _, _ = philox(
        np.uint64(x) & _LOW,
        np.uint64(y) & _LOW,
        np.uint64(stream),
        np.uint64(0),
        np.uint64(key) & _LOW,
        np.uint64(key) >> _HALF,
    )
    return (float(((c0 << _HALF) | c1) >> np.uint64(12)) + 0.5) * 2.0 * _UNIT


def noise_key(seed: int, render_id: str) -> int:
    """64-bit key of a render's pixel noise: the first 16 hex digits of md5('seed|render|noise')."""
    text = f"{seed}|{render_id}|noise"
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16], 16)
