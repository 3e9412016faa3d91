"""What is measured on a cutout: quality, shape, light, nuisances.

Every band gets the same numbers (``BAND_FEATURES``), then come the colours (``COLOUR_FEATURES``).
Regions are circles about the stamp's centre, in pixels, and a frame along its edge that no arc
reaches. Brightness is in nanomaggy per pixel. What cannot be measured is NaN.
"""

from functools import lru_cache

import numpy as np
from numba import float32, float64, int64

from udfs.cutouts.feature_names import (
    BAND_FEATURES,
    BANDS,
    COLOUR_FEATURES,
    FEATURES,
    FRAME_FEATURES,
    LIGHT_FEATURES,
    PROFILE_EDGES_PIX,
    QUALITY_FEATURES,
    SHAPE_FEATURES,
)
from udfs.cutouts.region_statistics import between, median, moments, sigma_mad
from udfs.jit import called_with, kernel

__all__ = ["BANDS", "FEATURES", "cutout_features", "stamp_geometry"]

CORE_PIX = 8.0
INNER_PIX = 4.0
INNER_WIDE_PIX = 12.0
ANNULUS_PIX = (4.0, 16.0)  # arcs of theta_E 0.5-3 arcsec; 20-40 pixels is sky
OUTER_PIX = (16.0, 28.0)
APERTURE_PIX = 19.0  # 5 arcsec
CENTRAL_BOX_PIX = 50
CORE_BOX_PIX = 16
FRAME_PIX = 8  # 101-pixel stamp: from 42 pixels (11 arcsec) outwards
EDGE_PIX = 2
CENTROID_PIX = 4.0
N_WEDGES = 8
STAMPS_AT_ONCE = 64
ASYMMETRY_FLOOR = 1e-3  # nanomaggy; below it the ratio says nothing
ASYMMETRY_CAP = 10.0

# Places of the features within their group.
NAN_FRAC, CENTRAL_NAN_FRAC, CORE_NAN_FRAC, ZERO_FRAC, CENTRAL_ZERO_FRAC, CORE_ZERO_FRAC = map(
    QUALITY_FEATURES.index,
    (
        "nan_frac",
        "central_nan_frac",
        "core_nan_frac",
        "zero_frac",
        "central_zero_frac",
        "core_zero_frac",
    ),
)
CLIP_FRAC, EDGE_ARTEFACT = map(QUALITY_FEATURES.index, ("clip_frac", "edge_artefact"))
LAPLACIAN_CORE = SHAPE_FEATURES.index("laplacian_core")
LAPLACIAN_ANNULUS = SHAPE_FEATURES.index("laplacian_annulus")
AZIMUTHAL_ASYMMETRY = SHAPE_FEATURES.index("azimuthal_asymmetry")
WEDGE_STD = SHAPE_FEATURES.index("wedge_std")
CENTROID_X, CENTROID_Y = map(SHAPE_FEATURES.index, ("centroid_x", "centroid_y"))
CORE_BRIGHTNESS, CORE_MAX, CORE_STD = map(
    LIGHT_FEATURES.index, ("core_brightness", "core_max", "core_std")
)
INNER4_BRIGHTNESS, INNER4_MAX, INNER4_STD = map(
    LIGHT_FEATURES.index, ("inner4_brightness", "inner4_max", "inner4_std")
)
INNER12_BRIGHTNESS = LIGHT_FEATURES.index("inner12_brightness")
ANNULUS_BRIGHTNESS, ANNULUS_MAX, ANNULUS_STD = map(
    LIGHT_FEATURES.index, ("annulus_brightness", "annulus_max", "annulus_std")
)
OUTER_BRIGHTNESS = LIGHT_FEATURES.index("outer_brightness")
RADIAL_GRADIENT = LIGHT_FEATURES.index("radial_gradient")
APERTURE_FLUX = LIGHT_FEATURES.index("aperture_flux_nmgy")
FIRST_PROFILE = LIGHT_FEATURES.index("profile_00_04")
FRAME_MEDIAN, FRAME_STD, FRAME_MAD, FRAME_MAX, FRAME_NOISE = map(
    FRAME_FEATURES.index, ("frame_median", "frame_std", "frame_mad", "frame_max", "frame_noise")
)
FRAME_AUTOCORRELATION_X = FRAME_FEATURES.index("frame_autocorrelation_x")
FRAME_AUTOCORRELATION_Y = FRAME_FEATURES.index("frame_autocorrelation_y")
CORE_G_R, ANNULUS_G_R, ANNULUS_MINUS_CORE_G_R = map(
    COLOUR_FEATURES.index, ("core_g_r", "annulus_g_r", "annulus_minus_core_g_r")
)
APERTURE_G_R, APERTURE_R_Z = map(COLOUR_FEATURES.index, ("aperture_g_r", "aperture_r_z"))
G, R, Z = map(BANDS.index, "grz")

# Where each group begins in a band's numbers.
_SHAPE_FROM = len(QUALITY_FEATURES)
_LIGHT_FROM = _SHAPE_FROM + len(SHAPE_FEATURES)
_FRAME_FROM = _LIGHT_FROM + len(LIGHT_FEATURES)
_MAD_AT = _FRAME_FROM + len(FRAME_FEATURES)
_CORE = BAND_FEATURES.index("core_brightness")
_ANNULUS = BAND_FEATURES.index("annulus_brightness")
_APERTURE = BAND_FEATURES.index("aperture_flux_nmgy")
_N_FEATURES = len(FEATURES)
_PROFILE_EDGES = np.array(PROFILE_EDGES_PIX)


@kernel
def _fractions(image: np.ndarray, width: int) -> tuple[float, float]:
    """Return the fractions of NaN and of zero pixels in a central box.

    A pixel that is not finite counts as NaN.
    """
    margin = max(0, (image.shape[0] - width) // 2)
    stop = image.shape[0] - margin
    n_nan, n_zero = 0, 0
    for y in range(margin, stop):
        for x in range(margin, stop):
            n_nan += not np.isfinite(image[y, x])
            n_zero += image[y, x] == 0.0
    area = (stop - margin) ** 2
    return n_nan / area, n_zero / area


@kernel
def _clip_fraction(finite: np.ndarray) -> float:
    """Return the fraction of pixels at the maximum beyond the first.

    0 in nature, more where it was clipped.
    """
    largest, n_top = -np.inf, 0
    for value in finite:
        if value > largest:
            largest, n_top = value, 0
        n_top += value == largest
    return (n_top - 1) / finite.size if finite.size else np.nan


@kernel
def _mean_abs_laplacian(image: np.ndarray, distance: np.ndarray, low: float, high: float) -> float:
    """Return the mean absolute five-point Laplacian of a ring.

    Over low <= distance < high.
    """
    total, n = 0.0, 0
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            if low <= distance[y, x] < high:
                neighbours = image[y - 1, x] + image[y + 1, x] + image[y, x - 1] + image[y, x + 1]
                value = neighbours - 4.0 * image[y, x]
                if np.isfinite(value):
                    total += abs(value)
                    n += 1
    return total / n if n else np.nan


@kernel
def _wedge_means(image: np.ndarray, distance: np.ndarray, wedge: np.ndarray) -> np.ndarray:
    """Return the annulus' mean brightness in each of the wedges."""
    total, count = np.zeros(N_WEDGES), np.zeros(N_WEDGES)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if ANNULUS_PIX[0] <= distance[y, x] < ANNULUS_PIX[1] and np.isfinite(image[y, x]):
                total[wedge[y, x]] += image[y, x]
                count[wedge[y, x]] += 1
    return total / np.where(count > 0, count, np.nan)


@kernel
def _centroid(image: np.ndarray, distance: np.ndarray) -> tuple[float, float]:
    """Return the offset (x, y) of the light in a small circle, pixel.

    From the centre.
    """
    centre = (image.shape[0] - 1) / 2
    total, sum_x, sum_y = 0.0, 0.0, 0.0
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if distance[y, x] < CENTROID_PIX and image[y, x] > 0:
                total += image[y, x]
                sum_x += image[y, x] * (x - centre)
                sum_y += image[y, x] * (y - centre)
    return (sum_x / total, sum_y / total) if total > 0 else (np.nan, np.nan)


@kernel
def _frame_differences(
    image: np.ndarray, edge_distance: np.ndarray, step_y: int, step_x: int
) -> np.ndarray:
    """Return differences of neighbouring pixels within the frame."""
    kept = np.empty(image.size)
    n = 0
    for y in range(image.shape[0] - step_y):
        for x in range(image.shape[1] - step_x):
            outer = max(edge_distance[y, x], edge_distance[y + step_y, x + step_x])
            value = np.float64(image[y + step_y, x + step_x]) - image[y, x]
            if outer < FRAME_PIX and np.isfinite(value):
                kept[n] = value
                n += 1
    return kept[:n]


@kernel
def _autocorrelation(differences: np.ndarray, sigma: float) -> float:
    """Return the correlation of neighbouring pixels.

    1 - var(difference) / (2 var), from robust widths.
    """
    return 1.0 - sigma_mad(differences) ** 2 / (2.0 * sigma**2) if sigma > 0 else np.nan


@kernel
def _measure_quality(
    image: np.ndarray, finite: np.ndarray, edge: np.ndarray, frame: np.ndarray, out: np.ndarray
) -> None:
    """Fill the ``QUALITY_FEATURES``."""
    out[NAN_FRAC], out[ZERO_FRAC] = _fractions(image, image.shape[0])
    out[CENTRAL_NAN_FRAC], out[CENTRAL_ZERO_FRAC] = _fractions(image, CENTRAL_BOX_PIX)
    out[CORE_NAN_FRAC], out[CORE_ZERO_FRAC] = _fractions(image, CORE_BOX_PIX)
    out[CLIP_FRAC] = _clip_fraction(finite)
    sigma = sigma_mad(frame)
    out[EDGE_ARTEFACT] = abs(median(edge) - median(frame)) / sigma if sigma > 0 else np.nan


@kernel
def _measure_shape(
    image: np.ndarray, distance: np.ndarray, wedge: np.ndarray, out: np.ndarray
) -> None:
    """Fill the ``SHAPE_FEATURES``."""
    low, high = ANNULUS_PIX
    out[LAPLACIAN_CORE] = _mean_abs_laplacian(image, distance, 0.0, CORE_PIX)
    out[LAPLACIAN_ANNULUS] = _mean_abs_laplacian(image, distance, low, high)
    wedges = _wedge_means(image, distance, wedge)
    out[WEDGE_STD] = wedges.std()
    level = max(abs(median(wedges)), ASYMMETRY_FLOOR)
    out[AZIMUTHAL_ASYMMETRY] = min(out[WEDGE_STD] / level, ASYMMETRY_CAP)
    out[CENTROID_X], out[CENTROID_Y] = _centroid(image, distance)


@kernel
def _measure_light(image: np.ndarray, distance: np.ndarray, sky: float, out: np.ndarray) -> None:
    """Fill the ``LIGHT_FEATURES``."""
    _, out[CORE_BRIGHTNESS], out[CORE_STD], out[CORE_MAX] = moments(image, distance, 0.0, CORE_PIX)
    _, mean, std, largest = moments(image, distance, 0.0, INNER_PIX)
    out[INNER4_BRIGHTNESS], out[INNER4_STD], out[INNER4_MAX] = mean, std, largest
    _, out[INNER12_BRIGHTNESS], _, _ = moments(image, distance, 0.0, INNER_WIDE_PIX)
    _, mean, std, largest = moments(image, distance, ANNULUS_PIX[0], ANNULUS_PIX[1])
    out[ANNULUS_BRIGHTNESS], out[ANNULUS_STD], out[ANNULUS_MAX] = mean, std, largest
    _, out[OUTER_BRIGHTNESS], _, _ = moments(image, distance, OUTER_PIX[0], OUTER_PIX[1])
    out[RADIAL_GRADIENT] = out[CORE_BRIGHTNESS] - out[OUTER_BRIGHTNESS]
    n, mean, _, _ = moments(image, distance, 0.0, APERTURE_PIX)
    out[APERTURE_FLUX] = n * (mean - sky)
    for ring in range(_PROFILE_EDGES.size - 1):
        low, high = _PROFILE_EDGES[ring], _PROFILE_EDGES[ring + 1]
        _, out[FIRST_PROFILE + ring], _, _ = moments(image, distance, low, high)


@kernel
def _measure_frame(
    image: np.ndarray, edge_distance: np.ndarray, frame: np.ndarray, out: np.ndarray
) -> None:
    """Fill the ``FRAME_FEATURES``."""
    sigma = sigma_mad(frame)
    across = _frame_differences(image, edge_distance, 0, 1)
    down = _frame_differences(image, edge_distance, 1, 0)
    out[FRAME_MEDIAN] = median(frame)
    _, _, out[FRAME_STD], out[FRAME_MAX] = moments(image, edge_distance, 0.0, FRAME_PIX)
    out[FRAME_MAD] = sigma
    out[FRAME_NOISE] = sigma_mad(across) / np.sqrt(2.0)
    out[FRAME_AUTOCORRELATION_X] = _autocorrelation(across, sigma)
    out[FRAME_AUTOCORRELATION_Y] = _autocorrelation(down, sigma)


@kernel
def _measure_band(
    image: np.ndarray,
    distance: np.ndarray,
    edge_distance: np.ndarray,
    wedge: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill the ``BAND_FEATURES``."""
    finite = between(image, distance, 0.0, np.inf)
    frame = between(image, edge_distance, 0.0, FRAME_PIX)
    edge = between(image, edge_distance, 0.0, EDGE_PIX)
    _measure_quality(image, finite, edge, frame, out[:_SHAPE_FROM])
    _measure_shape(image, distance, wedge, out[_SHAPE_FROM:_LIGHT_FROM])
    _measure_light(image, distance, median(frame), out[_LIGHT_FROM:_FRAME_FROM])
    _measure_frame(image, edge_distance, frame, out[_FRAME_FROM:_MAD_AT])
    out[_MAD_AT] = sigma_mad(finite)


@kernel
def _magnitude_difference(flux_1: float, flux_2: float) -> float:
    """Return the colour of two brightnesses, mag.

    NaN unless both are positive.
    """
    return -2.5 * np.log10(flux_1 / flux_2) if flux_1 > 0 and flux_2 > 0 else np.nan


@kernel
def _measure_colours(bands: np.ndarray, out: np.ndarray) -> None:
    """Fill the ``COLOUR_FEATURES`` from the (3, n) band features."""
    out[CORE_G_R] = _magnitude_difference(bands[G, _CORE], bands[R, _CORE])
    out[ANNULUS_G_R] = _magnitude_difference(bands[G, _ANNULUS], bands[R, _ANNULUS])
    out[ANNULUS_MINUS_CORE_G_R] = out[ANNULUS_G_R] - out[CORE_G_R]
    out[APERTURE_G_R] = _magnitude_difference(bands[G, _APERTURE], bands[R, _APERTURE])
    out[APERTURE_R_Z] = _magnitude_difference(bands[R, _APERTURE], bands[Z, _APERTURE])


@called_with(lambda: [(float32[:, :, :, ::1], float64[:, ::1], float64[:, ::1], int64[:, ::1])])
@kernel
def _measure_batch(
    stamps: np.ndarray, distance: np.ndarray, edge_distance: np.ndarray, wedge: np.ndarray
) -> np.ndarray:
    """Fill all features of a batch of stamps."""
    features = np.empty((stamps.shape[0], _N_FEATURES))
    n_colours = len(COLOUR_FEATURES)
    for i in range(stamps.shape[0]):
        bands = features[i, :-n_colours].reshape(stamps.shape[1], -1)
        for band in range(stamps.shape[1]):
            _measure_band(stamps[i, band], distance, edge_distance, wedge, bands[band])
        _measure_colours(bands, features[i, -n_colours:])
    return features


@lru_cache(maxsize=4)
def stamp_geometry(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where each pixel of a square stamp lies.

    Parameters
    ----------
    size : int, pixel

    Returns
    -------
    distance : (size, size) float, pixel
        From the stamp's centre.
    edge_distance : (size, size) float, pixel
        From the nearest edge, 0 for the outermost pixels.
    wedge : (size, size) int
        One of eight wedges of 45 degrees about the centre.
    """
    offset = np.arange(size) - (size - 1) / 2
    y, x = np.meshgrid(offset, offset, indexing="ij")
    edge_distance = (size - 1) / 2 - np.maximum(np.abs(x), np.abs(y))
    turn = np.arctan2(y, x) / (2 * np.pi) % 1.0
    wedge = np.minimum((turn * N_WEDGES).astype(np.int64), N_WEDGES - 1)
    return np.hypot(x, y), edge_distance, wedge


def cutout_features(stamps: np.ndarray) -> np.ndarray:
    """Measure the features of a batch of stamps.

    Parameters
    ----------
    stamps : (n, 3, size, size) float32, nanomaggy
        Bands g, r, z.

    Returns
    -------
    (n, len(FEATURES)) float64
        In the order of ``FEATURES``; NaN where a feature cannot be measured.

    Raises
    ------
    ValueError
        If the stamps are not square with three bands.
    """
    if stamps.ndim != 4 or stamps.shape[1] != len(BANDS) or stamps.shape[2] != stamps.shape[3]:
        raise ValueError(f"stamps must have shape (n, 3, size, size), got {stamps.shape}")
    parts = [np.empty((0, _N_FEATURES))]
    for start in range(0, len(stamps), STAMPS_AT_ONCE):
        # A copy, so that arrays that may not be written to need no kernels of their own.
        part = np.array(stamps[start : start + STAMPS_AT_ONCE], dtype=np.float32, order="C")
        parts.append(_measure_batch(part, *stamp_geometry(stamps.shape[2])))
    return np.concatenate(parts)
