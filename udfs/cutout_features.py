"""What is measured on a cutout: quality, features of shape and light, and nuisances.

Every band gets the same numbers (``BAND_FEATURES``), then come the colours (``COLOUR_FEATURES``).
Regions are circles about the stamp's centre, in pixels, and a frame along its edge that no arc
reaches. Brightness is in nanomaggy per pixel. What cannot be measured is NaN.
"""

import itertools
from functools import lru_cache

import numpy as np

from udfs.jit import kernel

CORE_PIX = 8.0
INNER_PIX = 4.0
INNER_WIDE_PIX = 12.0
ANNULUS_PIX = (4.0, 16.0)  # arcs of theta_E 0.5-3 arcsec; 20-40 pixels is sky
OUTER_PIX = (16.0, 28.0)
PROFILE_EDGES_PIX = (0.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 40.0)
APERTURE_PIX = 19.0  # 5 arcsec
CENTRAL_BOX_PIX = 50
CORE_BOX_PIX = 16
FRAME_PIX = 8  # 101-pixel stamp: from 42 pixels (11 arcsec) outwards
EDGE_PIX = 2
CENTROID_PIX = 4.0
N_WEDGES = 8
ASYMMETRY_FLOOR = 1e-3  # nanomaggy; below it the ratio says nothing
ASYMMETRY_CAP = 10.0
MAD_TO_SIGMA = 1.4826022185056018  # of a normal distribution

QUALITY_FEATURES = (
    "nan_frac",
    "central_nan_frac",
    "core_nan_frac",
    "zero_frac",
    "central_zero_frac",
    "core_zero_frac",
    "clip_frac",
    "edge_artefact",
)
LIGHT_FEATURES = (
    "core_brightness",
    "core_max",
    "core_std",
    "inner4_brightness",
    "inner12_brightness",
    "annulus_brightness",
    "annulus_max",
    "annulus_std",
    "outer_brightness",
    "radial_gradient",
    "laplacian_core",
    "laplacian_annulus",
    "azimuthal_asymmetry",
    "wedge_std",
    "mad",
    "centroid_x",
    "centroid_y",
    "aperture_flux_nmgy",
    *(f"profile_{low:02.0f}_{high:02.0f}" for low, high in itertools.pairwise(PROFILE_EDGES_PIX)),
)
FRAME_FEATURES = (
    "frame_median",
    "frame_std",
    "frame_mad",
    "frame_max",
    "frame_noise",
    "frame_autocorrelation_x",
    "frame_autocorrelation_y",
)
BAND_FEATURES = QUALITY_FEATURES + LIGHT_FEATURES + FRAME_FEATURES
COLOUR_FEATURES = (
    "core_g_r",
    "annulus_g_r",
    "annulus_minus_core_g_r",
    "aperture_g_r",
    "aperture_r_z",
)
BANDS = ("g", "r", "z")
FEATURES = tuple(f"{name}_{band}" for band in BANDS for name in BAND_FEATURES) + COLOUR_FEATURES

_PROFILE_EDGES = np.array(PROFILE_EDGES_PIX)


@kernel
def _mean(values: np.ndarray) -> float:
    return values.mean() if values.size else np.nan


@kernel
def _std(values: np.ndarray) -> float:
    return values.std() if values.size else np.nan


@kernel
def _max(values: np.ndarray) -> float:
    return values.max() if values.size else np.nan


@kernel
def _median(values: np.ndarray) -> float:
    return np.median(values) if values.size else np.nan


@kernel
def _sigma_mad(values: np.ndarray) -> float:
    """Standard deviation of a normal distribution with this median absolute deviation."""
    return MAD_TO_SIGMA * _median(np.abs(values - _median(values)))


@kernel
def _between(image: np.ndarray, distance: np.ndarray, low: float, high: float) -> np.ndarray:
    """Finite pixels with low <= distance < high, as float64."""
    kept = np.empty(image.size)
    n = 0
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if low <= distance[y, x] < high and np.isfinite(image[y, x]):
                kept[n] = image[y, x]
                n += 1
    return kept[:n]


@kernel
def _centre_box(image: np.ndarray, width: int) -> np.ndarray:
    margin = max(0, (image.shape[0] - width) // 2)
    stop = image.shape[0] - margin
    return image[margin:stop, margin:stop]


@kernel
def _nan_fraction(image: np.ndarray) -> float:
    n = 0
    for value in image.flat:
        n += not np.isfinite(value)
    return n / image.size


@kernel
def _zero_fraction(image: np.ndarray) -> float:
    n = 0
    for value in image.flat:
        n += value == 0.0
    return n / image.size


@kernel
def _clip_fraction(finite: np.ndarray) -> float:
    """Fraction of pixels at the maximum: one pixel in a natural image, a plateau in a clipped one."""
    if not finite.size:
        return np.nan
    return (np.sum(finite == finite.max()) - 1) / finite.size


@kernel
def _mean_abs_laplacian(image: np.ndarray, distance: np.ndarray, low: float, high: float) -> float:
    """Mean absolute five-point Laplacian over low <= distance < high."""
    total, n = 0.0, 0
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            if low <= distance[y, x] < high:
                value = (
                    image[y - 1, x] + image[y + 1, x] + image[y, x - 1] + image[y, x + 1]
                ) - 4.0 * image[y, x]
                if np.isfinite(value):
                    total += abs(value)
                    n += 1
    return total / n if n else np.nan


@kernel
def _wedge_means(image: np.ndarray, distance: np.ndarray, wedge: np.ndarray) -> np.ndarray:
    """Mean brightness of the annulus in each of the wedges."""
    total, count = np.zeros(N_WEDGES), np.zeros(N_WEDGES)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if ANNULUS_PIX[0] <= distance[y, x] < ANNULUS_PIX[1] and np.isfinite(image[y, x]):
                total[wedge[y, x]] += image[y, x]
                count[wedge[y, x]] += 1
    return total / np.where(count > 0, count, np.nan)


@kernel
def _asymmetry(wedge_means: np.ndarray) -> float:
    level = max(abs(np.median(wedge_means)), ASYMMETRY_FLOOR)
    return min(wedge_means.std() / level, ASYMMETRY_CAP)


@kernel
def _centroid(image: np.ndarray, distance: np.ndarray) -> tuple[float, float]:
    """Offset (x, y) of the light inside a small circle from the centre, pixel."""
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
    """Differences of neighbouring pixels that both lie in the frame."""
    kept = np.empty(image.size)
    n = 0
    for y in range(image.shape[0] - step_y):
        for x in range(image.shape[1] - step_x):
            if (
                edge_distance[y, x] < FRAME_PIX
                and edge_distance[y + step_y, x + step_x] < FRAME_PIX
            ):
                value = image[y + step_y, x + step_x] - image[y, x]
                if np.isfinite(value):
                    kept[n] = value
                    n += 1
    return kept[:n]


@kernel
def _autocorrelation(differences: np.ndarray, sigma: float) -> float:
    """Correlation of neighbouring pixels, 1 - var(difference) / (2 var), from robust widths."""
    return 1.0 - _sigma_mad(differences) ** 2 / (2.0 * sigma**2) if sigma > 0 else np.nan


@kernel
def _quality_features(image: np.ndarray, edge_distance: np.ndarray) -> np.ndarray:
    finite = _between(image, edge_distance, 0.0, np.inf)
    frame = _between(image, edge_distance, 0.0, FRAME_PIX)
    edge = _between(image, edge_distance, 0.0, EDGE_PIX)
    sigma = _sigma_mad(frame)
    central = _centre_box(image, CENTRAL_BOX_PIX)
    core = _centre_box(image, CORE_BOX_PIX)
    return np.array(
        [
            _nan_fraction(image),
            _nan_fraction(central),
            _nan_fraction(core),
            _zero_fraction(image),
            _zero_fraction(central),
            _zero_fraction(core),
            _clip_fraction(finite),
            abs(_median(edge) - _median(frame)) / sigma if sigma > 0 else np.nan,
        ]
    )


@kernel
def _light_features(
    image: np.ndarray, distance: np.ndarray, edge_distance: np.ndarray, wedge: np.ndarray
) -> np.ndarray:
    core = _between(image, distance, 0.0, CORE_PIX)
    annulus = _between(image, distance, ANNULUS_PIX[0], ANNULUS_PIX[1])
    outer_brightness = _mean(_between(image, distance, OUTER_PIX[0], OUTER_PIX[1]))
    aperture = _between(image, distance, 0.0, APERTURE_PIX)
    sky = _median(_between(image, edge_distance, 0.0, FRAME_PIX))
    wedges = _wedge_means(image, distance, wedge)
    centroid_x, centroid_y = _centroid(image, distance)
    profile = np.empty(_PROFILE_EDGES.size - 1)
    for i in range(profile.size):
        profile[i] = _mean(_between(image, distance, _PROFILE_EDGES[i], _PROFILE_EDGES[i + 1]))
    summary = np.array(
        [
            _mean(core),
            _max(core),
            _std(core),
            _mean(_between(image, distance, 0.0, INNER_PIX)),
            _mean(_between(image, distance, 0.0, INNER_WIDE_PIX)),
            _mean(annulus),
            _max(annulus),
            _std(annulus),
            outer_brightness,
            _mean(core) - outer_brightness,
            _mean_abs_laplacian(image, distance, 0.0, CORE_PIX),
            _mean_abs_laplacian(image, distance, ANNULUS_PIX[0], ANNULUS_PIX[1]),
            _asymmetry(wedges),
            wedges.std(),
            _sigma_mad(_between(image, distance, 0.0, np.inf)),
            centroid_x,
            centroid_y,
            aperture.sum() - sky * aperture.size,
        ]
    )
    return np.concatenate((summary, profile))


@kernel
def _frame_features(image: np.ndarray, edge_distance: np.ndarray) -> np.ndarray:
    frame = _between(image, edge_distance, 0.0, FRAME_PIX)
    across = _frame_differences(image, edge_distance, 0, 1)
    along = _frame_differences(image, edge_distance, 1, 0)
    sigma = _sigma_mad(frame)
    return np.array(
        [
            _median(frame),
            _std(frame),
            sigma,
            _max(frame),
            _sigma_mad(across) / np.sqrt(2.0),
            _autocorrelation(across, sigma),
            _autocorrelation(along, sigma),
        ]
    )


@kernel
def _magnitude_difference(flux_1: float, flux_2: float) -> float:
    """Colour of two brightnesses, mag; NaN unless both are positive."""
    return -2.5 * np.log10(flux_1 / flux_2) if flux_1 > 0 and flux_2 > 0 else np.nan


@kernel
def _colours(bands: np.ndarray) -> np.ndarray:
    """Colours from the (3, n) band features g, r, z."""
    core, annulus, aperture = bands[:, _CORE], bands[:, _ANNULUS], bands[:, _APERTURE]
    core_g_r = _magnitude_difference(core[0], core[1])
    annulus_g_r = _magnitude_difference(annulus[0], annulus[1])
    return np.array(
        [
            core_g_r,
            annulus_g_r,
            annulus_g_r - core_g_r,
            _magnitude_difference(aperture[0], aperture[1]),
            _magnitude_difference(aperture[1], aperture[2]),
        ]
    )


_CORE = BAND_FEATURES.index("core_brightness")
_ANNULUS = BAND_FEATURES.index("annulus_brightness")
_APERTURE = BAND_FEATURES.index("aperture_flux_nmgy")


@kernel
def _stamp_features(
    stamp: np.ndarray, distance: np.ndarray, edge_distance: np.ndarray, wedge: np.ndarray
) -> np.ndarray:
    bands = np.empty((stamp.shape[0], len(BAND_FEATURES)))
    for band in range(stamp.shape[0]):
        image = stamp[band]
        bands[band] = np.concatenate(
            (
                _quality_features(image, edge_distance),
                _light_features(image, distance, edge_distance, wedge),
                _frame_features(image, edge_distance),
            )
        )
    return np.concatenate((bands.ravel(), _colours(bands)))


@kernel
def _batch_features(
    stamps: np.ndarray, distance: np.ndarray, edge_distance: np.ndarray, wedge: np.ndarray
) -> np.ndarray:
    features = np.empty((stamps.shape[0], len(FEATURES)))
    for i in range(stamps.shape[0]):
        features[i] = _stamp_features(stamps[i], distance, edge_distance, wedge)
    return features


@lru_cache(maxsize=4)
def stamp_geometry(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each pixel of a square stamp lies.

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
    """Features of a batch of stamps.

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
    return _batch_features(np.ascontiguousarray(stamps), *stamp_geometry(stamps.shape[2]))
