"""Compiled kernels that give the same bits in every worker and every run.

A process that compiles a kernel itself links it against the parts that it happens to have loaded
before, and sums in another order: pixels then differ in the last bit. So the kernels are compiled
once, by a process that does nothing else, into a folder of their own; workers load them from there,
all in the same order.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import fitsio
import numpy as np
import polars as pl

from injection.brick_job import inject_brick
from injection.settings import StageSettings, settings_from_vars
from udfs.jit import cache_folder

log = logging.getLogger(__name__)

CACHE_VARIABLE = "NUMBA_CACHE_DIR"
MARKER = "complete"
PROJECT = Path(__file__).resolve().parent.parent

BRICK = "0000p000"
SIDE_PIX = 200
COMPRESSION = {
    "image": "R 100,100; qz -1e-4",
    "invvar": "R 100,100; q0 16",
    "psfsize": "G 100,100; qz 0",
    "maskbits": "H 100,100",
}
# Of the vars that the stage reads. Not taken from the project: who switches something off there, or
# takes other bands, must not change what is compiled for everybody. A test holds the two together.
CHOICES = {
    "bands": ["g", "r", "z"],
    "detection_band": "r",
    "stamp_sizes": [32, 64],
    "extinction_coefficients": {"g": 3.2, "r": 2.2, "z": 1.2},
    "pixel_scale_arcsec": 0.262,
    "psf_profile": "moffat",
    "psf_moffat_beta": 3.5,
    "bad_mask_bits": [1],
    "wise_mask_bits": [8],
    "poisson_noise": True,
    "seed": 13,
    "use_psfsize_maps": True,
    "gain_single_visit_e_per_nmgy": {"g": 4000, "r": 4000, "z": 4000},
    "n_exposures_default": {"g": 1, "r": 1, "z": 1},
    "metrics_only": False,
    "stamp_part_megabytes": 1,
}


def compiled_kernels() -> Path | None:
    """Folder with the compiled kernels of this version, made when it is not there.

    Returns
    -------
    Path or None
        None where nothing can be written: then each worker compiles for itself.
    """
    parent = cache_folder()
    if parent is None:
        return None
    folder = parent.with_name(f"{parent.name}-stage")
    if (folder / MARKER).exists():
        return folder
    log.warning("injections: compiling the kernels, once for each version of them")
    with tempfile.TemporaryDirectory(prefix=folder.name, dir=folder.parent) as temporary:
        target = Path(temporary) / "kernels"
        target.mkdir()
        environment = os.environ | {CACHE_VARIABLE: str(target), "PYTHONHASHSEED": "0"}
        subprocess.run([sys.executable, "-m", __name__], cwd=PROJECT, env=environment, check=True)
        (target / MARKER).touch()
        _publish(target, folder)
    return folder


def _publish(made: Path, folder: Path) -> None:
    """Give the folder its name; another run may have been faster."""
    try:
        made.replace(folder)
    except OSError:
        if not (folder / MARKER).exists():
            shutil.rmtree(folder, ignore_errors=True)
            made.replace(folder)


def load_kernels() -> None:
    """Run every kernel once, in the order that all workers have: one injection into a tiny brick."""
    with tempfile.TemporaryDirectory(prefix="dark-halo-scope-") as folder:
        _write_brick(Path(folder))
        for _ in inject_brick(_render(), _settings(folder)):
            pass


def _settings(coadds: str) -> StageSettings:
    return settings_from_vars(CHOICES, coadds)


def _write_brick(coadds: Path) -> None:
    """All files of a brick, small."""
    folder = coadds / BRICK[:3] / BRICK
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(1, 0.1, (SIDE_PIX, SIDE_PIX)).astype(np.float32)
    layers = {f"{kind}-{band}": noise for kind in ("image", "invvar", "psfsize") for band in "grz"}
    for product, pixels in (layers | {"maskbits": (noise > 1.2).astype(np.int32)}).items():
        kind = product.split("-", maxsplit=1)[0]
        with fitsio.FITS(f"mem://[compress {COMPRESSION[kind]}]", "rw") as file:
            file.write(pixels, header=_cards())
            (folder / f"legacysurvey-{BRICK}-{product}.fits.fz").write_bytes(file.read_raw())


def _cards() -> list[dict[str, object]]:
    scale = float(str(CHOICES["pixel_scale_arcsec"])) / 3600
    cards = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 0.0, "CRVAL2": 0.0,
        "CRPIX1": SIDE_PIX / 2, "CRPIX2": SIDE_PIX / 2,
        "CD1_1": -scale, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": scale,
    }  # fmt: skip
    return [{"name": name, "value": value} for name, value in cards.items()]


def _render() -> pl.DataFrame:
    """One injection and one control at the brick's centre."""
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
        src_reff_arcsec=pl.lit(0.1),
        **{
            name: pl.lit(0.1)
            for name in (
                "lens_phi_rad", "shear", "shear_phi_rad", "src_x_arcsec", "src_y_arcsec", "src_gr",
                "src_rz", "src_e", "src_phi_rad", "ebv",
            )
        },
    )  # fmt: skip


if __name__ == "__main__":
    load_kernels()
