"""Photon noise of injected flux: its key, and where its law changes."""

import hashlib

SUMMATION_LIMIT = 12.0  # electrons: below, the probabilities are summed one by one


def noise_key(seed: int, render_id: str) -> int:
    """Return the 64-bit key of a render's pixel noise.

    The first 16 hex digits of md5('seed|render|noise').
    """
    text = f"{seed}|{render_id}|noise"
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16], 16)
