"""Small tile-compressed files of each survey product, as CFITSIO writes them."""

import fitsio
import numpy as np

REAL_BRICK = "0959p805"
SETTINGS = {
    "image": "R 100,100; qz -1e-4",
    "invvar": "R 100,100; q0 16",
    "maskbits": "H 100,100",
    "nexp": "H 100,100",
    "psfsize": "G 100,100; qz 0",
}
PRODUCTS = tuple(SETTINGS)


def pixels(product, shape, rng):
    """Pixels that look like a product: noise and a source, constant tiles, zeros, all mask bits."""
    y, x = np.indices(shape)
    covered = (x > 20) & ((x + y) % 97 > 2)
    if product == "image":
        source = 30 * np.exp(-((x - 120) ** 2 + (y - 150) ** 2) / 50)
        noisy = rng.normal(0, 0.01, shape) + source
        return np.where(covered & (y < 230), noisy, 0).astype(np.float32)
    if product == "invvar":
        weights = rng.choice([7e4, 6e4, 3e4], shape) * rng.normal(1, 0.01, shape)
        weights[:, 200:] = 5e4
        return np.where(covered, weights, 0).astype(np.float32)
    if product == "psfsize":
        return np.where(x > 130, np.float32(1.1234567), np.float32(1.4)).astype(np.float32)
    if product == "nexp":
        return rng.integers(0, 5, shape, dtype=np.int16)
    bits = 1 << rng.integers(0, 17, shape)
    return np.where(rng.random(shape) < 0.1, bits, 0).astype(np.int32)


def write_product(folder, product, shape, seed=3):
    """Write one file; maskbits with the three images that the survey's have. Returns its path."""
    path = folder / f"{product}.fits.fz"
    rng = np.random.default_rng(seed)
    memory = fitsio.FITS(f"mem://[compress {SETTINGS[product]}]", "rw")
    memory.write(pixels(product, shape, rng))
    if product == "maskbits":
        for name in ("WISEM1", "WISEM2"):
            memory.write(rng.integers(0, 256, shape, dtype=np.uint8), extname=name)
    path.write_bytes(memory.read_raw())
    memory.close()
    return path
