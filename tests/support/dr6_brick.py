"""A brick with what a brick of DR6 has and lacks, written without the survey's files.

Images in g and z only, no masks and no maps of the PSF; a corner of the brick has data in g, a few
pixels have some in z, and some have an image without an inverse variance.
"""

from pathlib import Path

import fitsio
import numpy as np

from pixels.wcs import sky_from_pixel, wcs_from_cards

NAME = "0959p805"
SIDE_PIX = 3600
COVERED = np.s_[:1876, :882]  # y, x
IMAGE_WITHOUT_INVVAR = np.s_[990:1110, 770:870]
NOISE_NMGY = 0.02
COMPRESSION = {"image": "R 100,100; qz -1e-4", "invvar": "R 100,100; q0 16"}


def write_dr6_brick(coadds: Path) -> Path:
    """Write the brick's files under the root of coadds; returns the root."""
    folder = coadds / NAME[:3] / NAME
    folder.mkdir(parents=True)
    shape = (SIDE_PIX, SIDE_PIX)
    layers = {
        f"{kind}-{band}": np.zeros(shape, np.float32) for kind in COMPRESSION for band in "gz"
    }
    layers["image-g"][COVERED] = _sky_with_galaxies()
    layers["invvar-g"][COVERED] = NOISE_NMGY**-2
    layers["invvar-g"][IMAGE_WITHOUT_INVVAR] = 0
    layers["image-z"][100:105, 100:111] = NOISE_NMGY
    layers["invvar-z"][100:105, 100:111] = NOISE_NMGY**-2
    for product, pixels in layers.items():
        kind = product.partition("-")[0]
        with fitsio.FITS(f"mem://[compress {COMPRESSION[kind]}]", "rw") as file:
            file.write(pixels, header=_records(_cards(kind)), dither_seed=1)
            (folder / f"legacysurvey-{NAME}-{product}.fits.fz").write_bytes(file.read_raw())
    return coadds


def covered_positions() -> tuple[np.ndarray, np.ndarray]:
    """Draw eight sky positions on covered pixels, away from their border.

    Returns
    -------
    (8,) float, degree, each
        RA and declination; on covered pixels of the real brick of this name too.
    """
    rng = np.random.default_rng(5)
    wcs = wcs_from_cards(_cards("image"))
    return sky_from_pixel(wcs, rng.uniform(60, 700, 8), rng.uniform(60, 1700, 8))


def _sky_with_galaxies() -> np.ndarray:
    """Draw noise and round galaxies, in nanomaggy, for the covered pixels."""
    rng = np.random.default_rng(6)
    y, x = np.indices((COVERED[0].stop, COVERED[1].stop))
    sky = rng.normal(0, NOISE_NMGY, y.shape)
    for centre_y, centre_x in rng.uniform((100, 100), (1800, 800), (12, 2)):
        near = np.s_[
            int(centre_y) - 60 : int(centre_y) + 60, int(centre_x) - 60 : int(centre_x) + 60
        ]
        radius = np.hypot(y[near] - centre_y, x[near] - centre_x)
        sky[near] += np.exp(-radius / 6)
    return sky.astype(np.float32)


def _cards(kind: str) -> dict[str, str | float]:
    """Name the header cards of an image as DR6 does."""
    scale = 0.262 / 3600
    return {
        "BRICKNAM": NAME, "IMTYPE": kind, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN",
        "CRVAL1": 95.9504132231405, "CRVAL2": 80.5,
        "CRPIX1": SIDE_PIX / 2 + 0.5, "CRPIX2": SIDE_PIX / 2 + 0.5,
        "CD1_1": -scale, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": scale,
    }  # fmt: skip


def _records(cards: dict[str, str | float]) -> list[dict[str, str | float]]:
    """Turn cards into what fitsio takes."""
    return [{"name": name, "value": value} for name, value in cards.items()]
