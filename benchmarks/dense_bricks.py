"""Bricks for benchmarks: 3600x3600 pixels, covered everywhere, compressed as the survey's are.

Their files are as large as those of DR10, so that decoding them is as much work: images of 13 to 16 MB
(there 9 to 15), inverse variances of 11 MB (11), masks of 0.35 MB (0.27 to 0.45), PSF maps of 0.37 MB
(0.4).
"""

from pathlib import Path

import fitsio
import numpy as np

from store.survey_files import coadd_name

SIDE = 3600
PIXEL_DEG = 0.262 / 3600
BANDS = ("g", "r", "z")
N_STARS = 700
NOISE_NMGY = {"g": 0.006, "r": 0.009, "z": 0.02}
COMPRESSION = {
    "image": "R 100,100; qz -1e-4",
    "invvar": "R 100,100; q0 16",
    "maskbits": "H 100,100",
    "psfsize": "G 100,100; qz 0",
}


def write_brick(coadds: Path, brickname: str, ra_deg: float, dec_deg: float, seed: int) -> None:
    """Write the ten files of a brick, where they are not there yet.

    Noise, stars, overlapping exposures in invvar and psfsize, masks round the stars.
    """
    folder = coadds / brickname[:3] / brickname
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    header = _header(brickname, ra_deg, dec_deg)
    exposures = _exposures(rng)
    stars = rng.integers(50, SIDE - 50, (N_STARS, 2))
    for band in BANDS:
        sigma = NOISE_NMGY[band] / np.sqrt(exposures)
        image = rng.standard_normal((SIDE, SIDE), np.float32) * sigma
        _add_stars(image, stars, rng)
        invvar = (1 / sigma**2 * rng.normal(1, 0.01, (SIDE, SIDE))).astype(np.float32)
        psfsize = (1.1 + 0.05 * exposures).astype(np.float32)
        for product, pixels in (("image", image), ("invvar", invvar), ("psfsize", psfsize)):
            _write(folder, brickname, f"{product}-{band}", pixels.astype(np.float32), header)
    _write(folder, brickname, "maskbits", _masks(stars, rng), header)


def _header(brickname: str, ra_deg: float, dec_deg: float) -> list[dict[str, object]]:
    cards = {
        "BRICK": brickname, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": ra_deg,
        "CRVAL2": dec_deg, "CRPIX1": SIDE / 2 + 0.5, "CRPIX2": SIDE / 2 + 0.5,
        "CD1_1": -PIXEL_DEG, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": PIXEL_DEG,
    }  # fmt: skip
    fillers = {f"FILL{n:03d}": n for n in range(90)}  # the survey's headers have 120 cards
    return [{"name": name, "value": value} for name, value in (cards | fillers).items()]


def _exposures(rng: np.random.Generator) -> np.ndarray:
    """How many exposures cover each pixel: rectangles laid over each other."""
    count = np.full((SIDE, SIDE), 2.0, np.float32)
    for x, y in rng.integers(-1000, 3000, (6, 2)):
        count[max(y, 0) : y + 2000, max(x, 0) : x + 1500] += 1
    return count


def _add_stars(image: np.ndarray, stars: np.ndarray, rng: np.random.Generator) -> None:
    y, x = np.mgrid[-20:21, -20:21]
    profile = np.exp(-(x**2 + y**2) / 18).astype(np.float32)
    for (star_x, star_y), flux in zip(stars, rng.pareto(1.0, len(stars)), strict=True):
        image[star_y - 20 : star_y + 21, star_x - 20 : star_x + 21] += 0.1 * flux * profile


def _masks(stars: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bits in discs round stars and at the brick's border."""
    masks = np.zeros((SIDE, SIDE), np.int32)
    masks[:80] = masks[:, :80] = masks[-80:] = masks[:, -80:] = 1
    y, x = np.mgrid[-40:41, -40:41]
    for star_x, star_y in stars:
        disc = x**2 + y**2 < rng.integers(5, 40) ** 2
        left, low = max(star_x - 40, 0), max(star_y - 40, 0)
        window = masks[low : star_y + 41, left : star_x + 41]
        bit = 1 << int(rng.integers(1, 13))
        window[disc[-window.shape[0] :, -window.shape[1] :]] |= bit
    return masks


def _write(folder: Path, brickname: str, product: str, pixels: np.ndarray, header: object) -> None:
    path = folder / coadd_name(brickname, product)
    if path.exists():
        return
    with fitsio.FITS(
        f"mem://[compress {COMPRESSION[product.split('-', maxsplit=1)[0]]}]", "rw"
    ) as file:
        file.write(pixels, header=header)
        path.write_bytes(file.read_raw())
