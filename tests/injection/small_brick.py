"""A brick of 200 pixels a side with every product, and two renders at its centre."""

import fitsio
import numpy as np
import polars as pl

BRICK = "0000p000"
SIDE_PIX = 200
PIXEL_DEG = 0.262 / 3600
COMPRESSION = {
    "image": "R 100,100; qz -1e-4",
    "invvar": "R 100,100; q0 16",
    "psfsize": "G 100,100; qz 0",
    "maskbits": "H 100,100",
}
ANY_VALUE = 0.1  # of a parameter whose value does not matter


def write_brick(coadds):
    """Write all files of the brick below the root of a coadd cache."""
    folder = coadds / BRICK[:3] / BRICK
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(1, 0.1, (SIDE_PIX, SIDE_PIX)).astype(np.float32)
    layers = {f"{kind}-{band}": noise for kind in ("image", "invvar", "psfsize") for band in "grz"}
    for product, pixels in (layers | {"maskbits": (noise > 1.2).astype(np.int32)}).items():
        kind = product.split("-", maxsplit=1)[0]
        with fitsio.FITS(f"mem://[compress {COMPRESSION[kind]}]", "rw") as file:
            file.write(pixels, header=_cards())
            (folder / f"legacysurvey-{BRICK}-{product}.fits.fz").write_bytes(file.read_raw())


def _cards():
    cards = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 0.0, "CRVAL2": 0.0,
        "CRPIX1": SIDE_PIX / 2, "CRPIX2": SIDE_PIX / 2,
        "CD1_1": -PIXEL_DEG, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": PIXEL_DEG,
    }  # fmt: skip
    return [{"name": name, "value": value} for name, value in cards.items()]


def arc_and_control():
    """Return one injection and one control at the brick's centre."""
    any_value = (
        "lens_phi_rad", "shear", "shear_phi_rad", "src_x_arcsec", "src_y_arcsec", "src_gr",
        "src_rz", "src_e", "src_phi_rad", "ebv",
    )  # fmt: skip
    return pl.DataFrame(
        {
            "render_id": ["arc", "control"],
            "brickname": [BRICK] * 2,
            "bandset": ["grz"] * 2,
            "ra": [0.0] * 2,
            "dec": [0.0] * 2,
            "is_control": [False, True],
            "theta_e_arcsec": [1.0, 0.0],
            "lens_e": [0.2, 0.0],
            "src_mag_frame": ["observed"] * 2,
            "experiments": [[]] * 2,
        }
    ).with_columns(
        src_n=pl.lit(1.0),
        src_r_mag=pl.lit(21.0),
        src_reff_arcsec=pl.lit(ANY_VALUE),
        **{name: pl.lit(ANY_VALUE) for name in any_value},
        **{f"psfsize_{band}": pl.lit(1.3, dtype=pl.Float32) for band in "grz"},
    )
