"""Names of what is measured on a cutout, and edges in the names.

Every band gets the same numbers (``BAND_FEATURES``), then come the colours (``COLOUR_FEATURES``).
"""

import itertools

PROFILE_EDGES_PIX = (0.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 40.0)

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
SHAPE_FEATURES = (
    "laplacian_core",
    "laplacian_annulus",
    "azimuthal_asymmetry",
    "wedge_std",
    "centroid_x",
    "centroid_y",
)
LIGHT_FEATURES = (
    "core_brightness",
    "core_max",
    "core_std",
    "inner4_brightness",
    "inner4_max",
    "inner4_std",
    "inner12_brightness",
    "annulus_brightness",
    "annulus_max",
    "annulus_std",
    "outer_brightness",
    "radial_gradient",
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
BAND_FEATURES = (*QUALITY_FEATURES, *SHAPE_FEATURES, *LIGHT_FEATURES, *FRAME_FEATURES, "mad")
COLOUR_FEATURES = (
    "core_g_r",
    "annulus_g_r",
    "annulus_minus_core_g_r",
    "aperture_g_r",
    "aperture_r_z",
)
BANDS = ("g", "r", "z")
FEATURES = tuple(f"{name}_{band}" for band in BANDS for name in BAND_FEATURES) + COLOUR_FEATURES
