"""Tasks for the benchmark of the stage: bricks as dense as the train tier makes them."""

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.dense_bricks import SIDE, write_brick
from injection.brick_files import open_brick
from injection.settings import StageSettings, settings_from_vars
from pixels.wcs import sky_from_pixel
from store.project import settings as project_vars

N_HOSTS, REPLICATES, SIZES = 60, 2, (64, 96)
RENDERS_PER_BRICK = N_HOSTS * REPLICATES
BRICKS = {"0010p000": (1.0, 0.1), "0012p000": (1.25, 0.1), "0015p000": (1.5, 0.1)}
BORDER_PIX = 60


def stage_settings(coadds: Path) -> StageSettings:
    """The project's own choices, with the sizes of the tier train."""
    return settings_from_vars({**project_vars(), "stamp_sizes": SIZES}, str(coadds))


def write_bricks(coadds: Path) -> None:
    """Write the files of all bricks that are not there yet."""
    for seed, (name, (ra, dec)) in enumerate(BRICKS.items()):
        write_brick(coadds, name, ra, dec, seed)


def brick_renders(
    coadds: Path, brickname: str, n_hosts: int = N_HOSTS, first: int = 0
) -> pl.DataFrame:
    """Renders of one brick, the systems those of the tier train; no controls, which cost less.

    Parameters
    ----------
    coadds : Path
    brickname : str
    n_hosts : int
        Galaxies, each with `REPLICATES` renders.
    first : int
        Number of the first render: other numbers are other systems in other hosts.
    """
    rng = np.random.default_rng([int(brickname[:4]), first])
    brick = open_brick(str(coadds), brickname, ("r",), use_psfsize_maps=False)
    x, y = rng.uniform(BORDER_PIX, SIDE - BORDER_PIX, (2, n_hosts))
    ra, dec = (np.repeat(values, REPLICATES) for values in sky_from_pixel(brick.wcs, x, y))
    n = len(ra)
    theta = rng.choice([0.3, 0.6, 1.0], n)
    beta, angle = 0.8 * theta * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    columns = {
        "render_id": [f"{brickname}/{first + k:07d}" for k in range(n)],
        "brickname": [brickname] * n,
        "bandset": ["grz"] * n,
        "brick_files_sha256": [brickname] * n,
        "ra": ra,
        "dec": dec,
        "is_control": np.zeros(n, bool),
        "theta_e_arcsec": theta,
        "lens_e": rng.uniform(0.05, 0.5, n),
        "lens_phi_rad": rng.uniform(0, np.pi, n),
        "shear": rng.choice([0.0, 0.03], n),
        "shear_phi_rad": rng.uniform(0, np.pi, n),
        "src_x_arcsec": beta * np.cos(angle),
        "src_y_arcsec": beta * np.sin(angle),
        "src_mag_frame": ["observed"] * n,
        "src_r_mag": rng.uniform(20, 23, n),
        "src_gr": rng.normal(0.2, 0.2, n),
        "src_rz": rng.normal(0.1, 0.2, n),
        "src_reff_arcsec": rng.choice([0.08, 0.15], n),
        "src_e": rng.choice([0.0, 0.3], n),
        "src_phi_rad": rng.uniform(0, np.pi, n),
        "src_n": np.ones(n),
        "ebv": rng.uniform(0.01, 0.1, n),
    }
    wanted = [{"experiment_id": f"train_stamp{size}", "stamp_size": size} for size in SIZES]
    kind = pl.List(pl.Struct({"experiment_id": pl.String, "stamp_size": pl.Int32}))
    return pl.DataFrame(columns).with_columns(experiments=pl.lit(wanted, dtype=kind))


def experiment_stamps(lake: Path, size: int) -> dict[str, np.ndarray]:
    """Stamps that the stage wrote, by render."""
    frame = pl.read_parquet(lake / "stamps" / f"experiment_id=train_stamp{size}" / "*.parquet")
    return {
        name: np.array(pixels, np.float32).reshape(-1, size, size)
        for name, pixels in frame.select("render_id", "pixels").iter_rows()
    }
