"""Small batches for tests of the batch function."""

import numpy as np
import pyarrow as pa

from udfs.batch.records import Pixels, Settings
from udfs.batch.stamps import stamp_corner

EXTINCTION = {"g": 3.214, "r": 2.165, "z": 1.211}
SETTINGS = Settings(("g", "r", "z"), "r", (32, 48), EXTINCTION, is_poisson=False)


def make_batch(n, seed=0, settings=SETTINGS, **fixed):
    """Tasks and pixels; keywords replace whole columns or are the same in every row."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(400, 3000, (2, n))
    theta_e = rng.uniform(0.6, 1.5, n)
    beta, angle = 0.7 * theta_e * np.sqrt(rng.uniform(size=n)), rng.uniform(0, 2 * np.pi, n)
    columns = {
        "render_id": [f"{seed}/{k}/c/0" for k in range(n)],
        "theta_e_arcsec": theta_e,
        "lens_e": rng.uniform(0, 0.3, n),
        "lens_phi_rad": rng.uniform(0, np.pi, n),
        "shear": rng.uniform(0, 0.06, n),
        "shear_phi_rad": rng.uniform(0, np.pi, n),
        "src_x_arcsec": beta * np.cos(angle),
        "src_y_arcsec": beta * np.sin(angle),
        "src_mag_frame": "observed",
        "src_r_mag": rng.uniform(21, 24, n),
        "src_gr": rng.uniform(0.1, 1.0, n),
        "src_rz": rng.uniform(0.0, 0.6, n),
        "src_reff_arcsec": rng.uniform(0.1, 0.3, n),
        "src_e": rng.uniform(0, 0.4, n),
        "src_phi_rad": rng.uniform(0, np.pi, n),
        "src_n": rng.choice([0.8, 1.0, 1.5], n),
        "is_control": False,
        "ebv": rng.uniform(0.01, 0.1, n),
        "lens_model": "SIE",
    } | fixed
    columns["canvas_x0"] = stamp_corner(x, settings.canvas_size)
    columns["canvas_y0"] = stamp_corner(y, settings.canvas_size)
    columns.setdefault("lens_x_pix", x - columns["canvas_x0"])
    columns.setdefault("lens_y_pix", y - columns["canvas_y0"])
    columns = {name: value if np.ndim(value) else [value] * n for name, value in columns.items()}
    size, n_band = settings.canvas_size, len(settings.bands)
    pixels = Pixels(
        image=rng.normal(0.01, 0.02, (n, n_band, size, size)).astype(np.float32),
        invvar=rng.uniform(500, 2000, (n, n_band, size, size)).astype(np.float32),
        maskbits=np.zeros((n, size, size), np.int32),
        psf_fwhm_arcsec=rng.uniform(0.9, 1.3, (n, n_band)),
        gain_e_per_nmgy=np.full((n, n_band), 8000.0),
    )
    return pa.RecordBatch.from_pydict(columns), pixels
