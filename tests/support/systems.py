"""Renders for tests: random lens systems on given positions, in the columns of the tasks."""

import numpy as np
import polars as pl

from injection.settings import StageSettings, settings_from_vars
from store.project import settings as project_vars


def stage_settings(coadds, **changes) -> StageSettings:
    """The project's own choices for a test, without photon noise, some of them changed."""
    return settings_from_vars({**project_vars(), "poisson_noise": False, **changes}, str(coadds))


def renders(brickname, ra, dec, *, replicates=1, bandset="grz"):
    """Random systems on hosts at given positions, one control in five."""
    ra, dec = np.repeat(ra, replicates), np.repeat(dec, replicates)
    n = len(ra)
    rng = np.random.default_rng(1)
    is_control = np.arange(n) % 5 == 4
    theta = rng.choice([0.6, 1.0, 1.5], n)
    radius, angle = 0.8 * theta * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    lensed = {
        "theta_e_arcsec": theta,
        "lens_e": 0.05 + 0.45 * rng.random(n),
        "lens_phi_rad": np.pi * rng.random(n),
        "shear": rng.choice([0, 0.03], n),
        "shear_phi_rad": np.pi * rng.random(n),
        "src_x_arcsec": radius * np.cos(angle),
        "src_y_arcsec": radius * np.sin(angle),
        "src_reff_arcsec": rng.choice([0.08, 0.15], n),
        "src_e": rng.choice([0, 0.3], n),
        "src_phi_rad": 2 * np.pi * rng.random(n),
    }
    frame = pl.DataFrame(
        {
            "render_id": [f"{brickname}/{i:05d}" for i in range(n)],
            "brickname": [brickname] * n,
            "bandset": [bandset] * n,
            "ra": ra,
            "dec": dec,
            "is_control": is_control,
        }
        | {name: np.where(is_control, 0.0, values) for name, values in lensed.items()}
    )
    return frame.with_columns(
        src_n=pl.lit(1.0),
        src_r_mag=pl.lit(21.5),
        src_gr=pl.lit(0.2),
        src_rz=pl.lit(0.1),
        src_mag_frame=pl.lit("observed"),
        ebv=pl.lit(0.03),
        psfsize_g=pl.lit(1.4),
        psfsize_r=pl.lit(1.2),
        psfsize_z=pl.lit(1.1),
        experiments=pl.lit(
            [{"experiment_id": f"train_stamp{size}", "stamp_size": size} for size in (64, 96)],
            dtype=pl.List(pl.Struct({"experiment_id": pl.String, "stamp_size": pl.Int32})),
        ),
    )
