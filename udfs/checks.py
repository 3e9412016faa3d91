"""Guards of the public functions: a ValueError that quotes the value."""

import numpy as np
from numpy.typing import ArrayLike

SERSIC_INDEX_RANGE = (0.3, 8.0)
PSF_FWHM_RANGE_ARCSEC = (0.5, 5.0)  # outside it a survey map holds no real seeing
DECAM_PIXEL_ARCSEC = 0.262  # pixel of the DR10 coadds


def require_finite(name: str, value: ArrayLike) -> None:
    """Refuse NaN and infinity.

    Parameters
    ----------
    name : str
    value : (...) float
    """
    if not np.all(np.isfinite(value)):
        raise ValueError(f"{name} must be finite, got {np.asarray(value)}")


def require_positive(name: str, value: float) -> None:
    """Refuse what is not a finite number above 0."""
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be above 0, got {value}")


def require_not_negative(name: str, value: float) -> None:
    """Refuse what is not a finite number of at least 0."""
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be 0 or more, got {value}")


def require_axis_ratio(name: str, value: float) -> None:
    """Refuse an axis ratio outside (0, 1]."""
    if not 0 < value <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, got {value}")


def require_within(name: str, value: float, limits: tuple[float, float]) -> None:
    """Refuse what is outside the closed range."""
    if not limits[0] <= value <= limits[1]:
        raise ValueError(f"{name} must be within {limits[0]} to {limits[1]}, got {value}")


def require_shear(g1: float, g2: float) -> None:
    """Refuse a shear of 1 or more.

    It has no meaning in weak external fields.
    """
    if not np.hypot(g1, g2) < 1:
        raise ValueError(f"shear must be below 1, got ({g1}, {g2})")


def require_image(name: str, image: np.ndarray) -> None:
    """Refuse what is not a two-dimensional image of finite numbers.

    Parameters
    ----------
    name : str
    image : (ny, nx) float
    """
    if np.ndim(image) != 2:
        raise ValueError(f"{name} must have two dimensions, got shape {np.shape(image)}")
    if not np.all(np.isfinite(image)):
        raise ValueError(f"{name} must be finite everywhere")
