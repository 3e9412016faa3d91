"""Random lens systems for benchmarks and tests of the renderers."""

from typing import NamedTuple

import numpy as np
import polars as pl

from store.project import settings
from tests.places import PROJECT
from udfs.light.sersic import b_n

PIXEL = 0.262
PRIORS = PROJECT / "seeds" / "manifests" / "priors.csv"


class Ranges(NamedTuple):
    """What random systems are drawn from: theta_E from and to, and the largest of the others."""

    theta_e_arcsec: tuple[float, float]
    lens_e: float
    src_e: float
    shear: float


USUAL = Ranges((0.5, 2.0), 0.3, 0.5, 0.08)


def random_system(rng, size=48, ranges=USUAL, **fixed):
    """Arguments of `render_lensed_sersic`: a source within 0.8 theta_E, uniform in area."""
    theta_e = rng.uniform(*ranges.theta_e_arcsec)
    beta, angle = 0.8 * theta_e * np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
    lens_e, src_e, shear, direction = rng.uniform(0, [*ranges[1:], np.pi])
    return {
        "theta_e_arcsec": theta_e,
        "lens_q": (1 - lens_e) / (1 + lens_e),
        "lens_phi_rad": rng.uniform(0, np.pi),
        "shear_g1": shear * np.cos(2 * direction),
        "shear_g2": shear * np.sin(2 * direction),
        "src_x_arcsec": beta * np.cos(angle),
        "src_y_arcsec": beta * np.sin(angle),
        "src_reff_arcsec": rng.uniform(0.08, 0.5),
        "src_q": (1 - src_e) / (1 + src_e),
        "src_phi_rad": rng.uniform(0, np.pi),
        "src_n": rng.choice([0.5, 1.0, 1.7, 2.0, 4.0]),
        "lens_x_pix": (size - 1) / 2 + rng.uniform(-0.5, 0.5),
        "lens_y_pix": (size - 1) / 2 + rng.uniform(-0.5, 0.5),
        "size_pix": size,
        "pixel_scale_arcsec": PIXEL,
    } | fixed


def _drawn(rng, law, low, high):
    """A number of a law of the seed of priors."""
    if law == "log_uniform":
        return np.exp(rng.uniform(np.log(low), np.log(high)))
    if law == "uniform":
        return rng.uniform(low, high)
    raise ValueError(f"no systems are drawn here by the law {law!r}")


def prior_system(rng, size, prior="recoverable"):
    """A system as the manifests draw it from a prior, wherever its source has an image."""
    laws = pl.read_csv(PRIORS).filter(pl.col("prior") == prior)
    drawn = {
        row["parameter"]: _drawn(rng, row["law"], row["low"], row["high"])
        for row in laws.filter(pl.col("parameter") != "src_r_mag").iter_rows(named=True)
    }
    project, system = settings(), random_system(rng, size=size)
    lens_e, src_e = rng.uniform(project["lens_e_min"], project["lens_e_max"]), drawn["src_e"]
    wider = drawn["theta_e_arcsec"] / system["theta_e_arcsec"]
    stronger = drawn["shear"] / np.hypot(system["shear_g1"], system["shear_g2"])
    return system | {
        "theta_e_arcsec": drawn["theta_e_arcsec"],
        "lens_q": (1 - lens_e) / (1 + lens_e),
        "shear_g1": stronger * system["shear_g1"],
        "shear_g2": stronger * system["shear_g2"],
        "src_x_arcsec": wider * system["src_x_arcsec"],
        "src_y_arcsec": wider * system["src_y_arcsec"],
        "src_reff_arcsec": drawn["src_reff_arcsec"],
        "src_q": (1 - src_e) / (1 + src_e),
        "src_n": drawn["src_n"],
    }


def parameter_row(system):
    """The system as a row of `udfs.core.system.PARAMETERS`."""
    names = (
        "theta_e_arcsec", "lens_q", "lens_phi_rad", "shear_g1", "shear_g2", "src_x_arcsec",
        "src_y_arcsec", "src_reff_arcsec", "src_q", "src_phi_rad", "src_n",
    )  # fmt: skip
    return np.array([system[name] for name in names] + [float(b_n(system["src_n"]))])
