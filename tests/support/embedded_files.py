"""Reads the embedded survey with other people's readers, for the tests that judge it."""

from functools import cache, lru_cache
from pathlib import Path

import fitsio
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

PIXEL_ARCSEC = 0.262


@cache
def sources(root: Path) -> np.ndarray:
    """Every row of every sweep, native byte order."""
    files = sorted((root / "south/sweep/10.1").glob("sweep-*.fits"))
    return np.concatenate([fitsio.read(str(file)) for file in files])


@cache
def bricks(root: Path) -> np.ndarray:
    """The brick table."""
    return fitsio.read(str(root / "south/survey-bricks-dr10-south.fits.gz"))


@cache
def lenses(root: Path) -> np.ndarray:
    """The list of known lenses."""
    return np.genfromtxt(
        root / "known_lenses.csv", delimiter=",", names=True, dtype=None, encoding="utf-8",
        deletechars="", replace_space=" ",
    )  # fmt: skip


def folder(root: Path, brick: str) -> Path:
    """Folder of a brick's coadds."""
    return root / "south/coadd" / brick[:3] / brick


def coadd(root: Path, brick: str, product: str, band: str = "") -> Path:
    """A coadd file."""
    suffix = f"-{band}" if band else ""
    return folder(root, brick) / f"legacysurvey-{brick}-{product}{suffix}.fits.fz"


@lru_cache(maxsize=16)  # 52 MB each
def pixels(root: Path, brick: str, product: str, band: str = "") -> np.ndarray:
    """Pixels of a coadd file."""
    return fitsio.read(str(coadd(root, brick, product, band)))


def header(root: Path, brick: str, product: str, band: str = "", hdu: int = 1) -> fits.Header:
    """Header of a coadd image as it was before compression."""
    with fits.open(coadd(root, brick, product, band)) as hdus:
        return hdus[hdu].header


def pixel_positions(root: Path, brick: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of rows in their brick, from 0, through astropy's WCS of the file."""
    return WCS(header(root, brick, "image", "r")).all_world2pix(rows["RA"], rows["DEC"], 0)


def magnitudes(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Raw AB magnitudes; NaN where the flux is not positive."""
    found = {}
    for band in ("G", "R", "Z", "W1"):
        flux = rows[f"FLUX_{band}"].astype(float)
        found[band] = 22.5 - 2.5 * np.log10(np.where(flux > 0, flux, np.nan))
    return found


def is_lrg(rows: np.ndarray, z_limit: float, r_z: float, z_w1: float) -> np.ndarray:
    """The LRG cuts: z brighter than a limit, r - z and z - W1 redder than limits, not a star."""
    mag = magnitudes(rows)
    return (
        (rows["TYPE"] != "PSF")
        & (mag["Z"] < z_limit)
        & (mag["R"] - mag["Z"] > r_z)
        & (mag["Z"] - mag["W1"] > z_w1)
    )


def is_v3(rows: np.ndarray) -> np.ndarray:
    """The parent variant."""
    return is_lrg(rows, 20.4, 0.4, 0.8)


def is_planted_lens(root: Path, rows: np.ndarray) -> np.ndarray:
    """Whether a row lies within 1.5 arcsec of a listed lens."""
    ra, dec = np.radians(rows["RA"]), np.radians(rows["DEC"])
    listed = lenses(root)
    lens_ra, lens_dec = np.radians(listed["RA [deg]"]), np.radians(listed["DEC [deg]"])
    d_ra = (ra[:, None] - lens_ra[None, :] + np.pi) % (2 * np.pi) - np.pi
    d_dec = dec[:, None] - lens_dec[None, :]
    arcsec = np.degrees(np.hypot(d_ra * np.cos(dec)[:, None], d_dec)) * 3600
    return arcsec.min(axis=1) < 1.5
