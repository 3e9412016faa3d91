"""Random numbers that are a pure function of (seed, key, stream).

Bulk draws come from Philox, a counter-based generator, keyed by an md5 digest; so a brick is the
same whichever worker makes it, and whatever was made before.
"""

import hashlib

import numpy as np

SEED = 13


def digest(key: str, stream: str) -> bytes:
    """Return the md5 of 'seed|key|stream', the project's keyed draw."""
    return hashlib.md5(f"{SEED}|{key}|{stream}".encode(), usedforsecurity=False).digest()


def generator(key: str, stream: str) -> np.random.Generator:
    """Return the generator of one stream of one key (a brick, an island)."""
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest(key, stream), "big")))


def uniform(key: str, stream: str, low: float = 0.0, high: float = 1.0) -> float:
    """Return a uniform draw in [low, high)."""
    fraction = int(digest(key, stream).hex()[:13], 16) / 2**52
    return low + (high - low) * fraction
