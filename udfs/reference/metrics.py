"""What was injected, in numbers: signal to noise and pixel quality.

Every signal to noise here comes from the injected truth. It says how detectable an arc is, not
that anything detected it.
"""

import numpy as np


def good_pixels(invvar: np.ndarray, maskbits: np.ndarray | None, bad_bits: int) -> np.ndarray:
    """Find the pixels that count.

    They have a positive finite inverse variance and none of the bad mask bits.

    Parameters
    ----------
    invvar : (..., ny, nx) float, 1 / nanomaggy^2
    maskbits : (ny, nx) int, or None where the survey has none
    bad_bits : int
        The bad bits as one number.

    Returns
    -------
    (..., ny, nx) bool
    """
    good = np.isfinite(invvar) & (invvar > 0)
    return good if maskbits is None else good & ((maskbits & bad_bits) == 0)


def peak_snr(arc: np.ndarray, invvar: np.ndarray, good: np.ndarray) -> float:
    """Return the signal to noise of the brightest good pixel.

    NaN without a good pixel.

    Parameters
    ----------
    arc : (ny, nx) float, nanomaggy
    invvar : (ny, nx) float, 1 / nanomaggy^2
    good : (ny, nx) bool

    Returns
    -------
    float
    """
    if not good.any():
        return float("nan")
    return float(np.max(arc[good] * np.sqrt(invvar[good])))


def matched_snr(arc: np.ndarray, invvar: np.ndarray, good: np.ndarray) -> float:
    """Return the signal to noise of a matched filter.

    sqrt(sum f^2 invvar), NaN without a good pixel.

    Parameters
    ----------
    arc : (ny, nx) float, nanomaggy
    invvar : (ny, nx) float, 1 / nanomaggy^2
    good : (ny, nx) bool

    Returns
    -------
    float
    """
    if not good.any():
        return float("nan")
    return float(np.sqrt(np.sum(arc[good].astype(float) ** 2 * invvar[good])))
