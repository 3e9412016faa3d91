"""What goes into a batch of injections and what comes out of it."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from udfs.checks import DECAM_PIXEL_ARCSEC, require_positive
from udfs.light.psf import DEFAULT_MOFFAT_BETA, PROFILES, Profile

COLOUR_OF_BAND = {"g": ("src_gr", 1.0), "r": None, "z": ("src_rz", -1.0)}


@dataclass(frozen=True)
class Pixels:
    """Pixels of the hosts, and what is known about them.

    Attributes
    ----------
    image : (n_host, n_band, size, size) float32, nanomaggy
        Canvases, of which several renders may have the same.
    invvar : (n_host, n_band, size, size) float32, 1 / nanomaggy^2
    maskbits : (n_host, size, size) int32, or None
    psf_fwhm_arcsec : (n, n_band) float64, arcsec
        The survey's psfsize at the galaxy, already resolved where the map had none.
    gain_e_per_nmgy : (n, n_band) float64, electron / nanomaggy
        Of the whole coadd at the galaxy; used for Poisson noise only.
    host : (n,) int, or None
        Which canvas each render has; None where every render has its own, in their order.
    """

    image: np.ndarray
    invvar: np.ndarray
    maskbits: np.ndarray | None
    psf_fwhm_arcsec: np.ndarray
    gain_e_per_nmgy: np.ndarray
    host: np.ndarray | None = None

    def canvas_of(self, n: int) -> np.ndarray:
        """Number the canvas of each of n renders.

        Returns
        -------
        (n,) int64
        """
        return np.arange(n) if self.host is None else np.asarray(self.host, np.int64)


@dataclass(frozen=True)
class Settings:
    """Choices that hold for a whole batch.

    Attributes
    ----------
    bands : names of the bands, in the order of `Pixels.image`
    detection_band : band of `arc_snr`
    stamp_sizes : sides of the stamps in pixels; the canvas has the largest
    extinction : A_b / E(B-V) of each band
    psf_profile, moffat_beta : shape of the PSF
    bad_mask_bits : bits of `maskbits` that spoil a pixel for `arc_snr` and count as bad
    wise_mask_bits : bits of `maskbits` near stars that are bright for WISE
    is_poisson : whether the injected flux gets photon noise and the inverse variance is lowered
    seed : of the noise
    returns_invvar : whether the lowered inverse variance is wanted back
    """

    bands: tuple[str, ...]
    detection_band: str
    stamp_sizes: tuple[int, ...]
    extinction: dict[str, float]
    pixel_scale_arcsec: float = DECAM_PIXEL_ARCSEC
    psf_profile: Profile = "moffat"
    moffat_beta: float = DEFAULT_MOFFAT_BETA
    bad_mask_bits: tuple[int, ...] = (1, 3, 6, 13)
    wise_mask_bits: tuple[int, ...] = (8, 9)
    is_poisson: bool = True
    seed: int = 13
    returns_invvar: bool = False

    def __post_init__(self) -> None:
        unknown = [band for band in self.bands if band not in COLOUR_OF_BAND]
        if unknown:
            raise ValueError(f"no source colour is defined for band {unknown[0]!r}")
        if self.detection_band not in self.bands:
            raise ValueError(f"detection band {self.detection_band!r} is not among {self.bands}")
        if missing := [band for band in self.bands if band not in self.extinction]:
            raise ValueError(f"no extinction coefficient for band {missing[0]!r}")
        if not self.stamp_sizes or min(self.stamp_sizes) < 1:
            raise ValueError(f"stamp sizes must be above 0, got {self.stamp_sizes}")
        if self.psf_profile not in PROFILES:
            raise ValueError(f"PSF profile must be gaussian or moffat, got {self.psf_profile!r}")
        require_positive("pixel_scale_arcsec", self.pixel_scale_arcsec)

    @property
    def canvas_size(self) -> int:
        """Return the side of the canvas in pixels."""
        return max(self.stamp_sizes)

    @property
    def detection_index(self) -> int:
        """Return the position of the detection band among the bands."""
        return self.bands.index(self.detection_band)


@dataclass(frozen=True)
class Injected:
    """What came out of a batch.

    Attributes
    ----------
    metrics : one row per render and stamp size, render by render
    stamps : by size, (n, n_band, size, size) float32, nanomaggy; the host where nothing was injected
    invvar : by size, the same in 1 / nanomaggy^2; empty unless `Settings.returns_invvar`
    """

    metrics: pa.RecordBatch
    stamps: dict[int, np.ndarray] = field(repr=False)
    invvar: dict[int, np.ndarray] = field(repr=False)
