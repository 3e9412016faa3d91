"""Random lens systems for benchmarks and tests of the renderers."""

import numpy as np

from udfs.sersic import b_n

PIXEL = 0.262


def random_system(rng, size=48, **fixed):
    """Arguments of `render_lensed_sersic`: a source within 0.8 theta_E, uniform in area."""
    theta_e = rng.uniform(0.5, 2.0)
    beta, angle = 0.8 * theta_e * np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
    lens_e, src_e, shear, direction = rng.uniform(0, [0.3, 0.5, 0.08, np.pi])
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


def parameter_row(system):
    """The system as a row of `udfs.fast_system.PARAMETERS`."""
    names = (
        "theta_e_arcsec", "lens_q", "lens_phi_rad", "shear_g1", "shear_g2", "src_x_arcsec",
        "src_y_arcsec", "src_reff_arcsec", "src_q", "src_phi_rad", "src_n",
    )  # fmt: skip
    return np.array([system[name] for name in names] + [float(b_n(system["src_n"]))])
