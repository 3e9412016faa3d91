"""Statistics of the pixels of an image between two distances.

What is not finite is left out.
"""

import numpy as np

from udfs.jit import kernel

MAD_TO_SIGMA = 1.4826022185056018  # of a normal distribution


@kernel
def moments(image: np.ndarray, distance: np.ndarray, low: float, high: float) -> tuple:
    """Return number, mean, deviation and maximum of a region's pixels.

    Of the finite pixels with low <= distance < high.

    Parameters
    ----------
    image : (ny, nx) float32
    distance : (ny, nx) float64, pixel
    low, high : float, pixel

    Returns
    -------
    n, mean, std, largest : int and float64, unit of the image
    """
    n, total, squares, largest = 0, 0.0, 0.0, -np.inf
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            value = np.float64(image[y, x])
            if low <= distance[y, x] < high and np.isfinite(value):
                n += 1
                # Welford (1962): no cancellation, whatever the sky level.
                step = value - total
                total += step / n
                squares += step * (value - total)
                largest = max(largest, value)
    if n == 0:
        return 0, np.nan, np.nan, np.nan
    return n, total, np.sqrt(squares / n), largest


@kernel
def between(image: np.ndarray, distance: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the finite pixels with low <= distance < high.

    Parameters
    ----------
    image : (ny, nx) float32
    distance : (ny, nx) float64, pixel
    low, high : float, pixel

    Returns
    -------
    (n,) float64, unit of the image
    """
    kept = np.empty(image.size)
    n = 0
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if low <= distance[y, x] < high and np.isfinite(image[y, x]):
                kept[n] = image[y, x]
                n += 1
    return kept[:n]


@kernel
def _select(values: np.ndarray, rank: int) -> float:
    """Move the value of a rank to its place and return it.

    Hoare (1961); smaller values end before it.
    """
    low, high = 0, values.size - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@kernel
def median(values: np.ndarray) -> float:
    """Return the median, NaN of nothing; reorders the values.

    Parameters
    ----------
    values : (n,) float64

    Returns
    -------
    float64
    """
    n = values.size
    if n == 0:
        return np.nan
    upper = _select(values, n // 2)
    if n % 2:
        return upper
    lower = values[0]
    for i in range(n // 2):
        lower = max(lower, values[i])
    return 0.5 * (lower + upper)


@kernel
def sigma_mad(values: np.ndarray) -> float:
    """Return the deviation of a normal law with this median deviation.

    The median absolute deviation from the median.

    Parameters
    ----------
    values : (n,) float64

    Returns
    -------
    float64
    """
    return MAD_TO_SIGMA * median(np.abs(values - median(values)))
