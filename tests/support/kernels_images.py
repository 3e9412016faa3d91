"""The batch path's image of a single system, and the same system as a task."""

import numpy as np
import pyarrow as pa

from tests.support.kernels_systems import PIXEL, parameter_row
from udfs.batch.records import Pixels
from udfs.core.loop import total_magnification
from udfs.core.magnification import make_rays
from udfs.core.render import make_work, render_light
from udfs.core.system import pack
from udfs.light.sersic import central_brightness, light_radius

CANVAS_ORIGIN = 1000  # of every canvas in its brick, pixel


def fast_image(system, is_for_psf=False):
    """Image before the PSF, (size_pix, size_pix) float32, and the ray-traced magnification."""
    row = parameter_row(system)
    n, q, reff = system["src_n"], system["src_q"], system["src_reff_arcsec"]
    central, reach = float(central_brightness(n, q, reff)), float(light_radius(np.float64(n)))
    size = system["size_pix"]
    frame, work = (system["lens_x_pix"], system["lens_y_pix"], PIXEL, size), make_work(size)
    packed, amplitude, out = pack(row), central * PIXEL**2, np.zeros((size, size), np.float32)
    x0, x1, y0, y1 = render_light(row, packed, amplitude, reach * reff, frame, is_for_psf, work)
    width, height = x1 - x0 + 3, y1 - y0 + 3
    if width > 2 and height > 2:
        light = work.moments.mean[: width * height].reshape(height, width)
        out[y0 : y1 + 1, x0 : x1 + 1] = np.float32(amplitude) * light[1:-1, 1:-1]
    return out, total_magnification(packed, n, central, reach, make_rays())


def batch_of(systems, psfsize_arcsec):
    """Tasks and empty hosts for `inject_batch`: every system in three bands, magnitude 22.5."""
    n, size = len(systems), systems[0]["size_pix"]
    same = ("theta_e_arcsec", "lens_phi_rad", "src_x_arcsec", "src_y_arcsec", "src_reff_arcsec",
            "src_phi_rad", "src_n", "lens_x_pix", "lens_y_pix")  # fmt: skip
    columns = {name: [system[name] for system in systems] for name in same}
    g1, g2 = (np.array([system[name] for system in systems]) for name in ("shear_g1", "shear_g2"))
    columns |= {f"{of}_e": [(1 - s[f"{of}_q"]) / (1 + s[f"{of}_q"]) for s in systems]
                for of in ("lens", "src")}  # fmt: skip
    columns |= {"shear": np.hypot(g1, g2), "shear_phi_rad": 0.5 * np.arctan2(g2, g1)}
    columns |= dict.fromkeys(("src_gr", "src_rz", "ebv"), np.zeros(n))
    columns |= dict.fromkeys(("canvas_x0", "canvas_y0"), np.full(n, CANVAS_ORIGIN))
    columns |= {
        "render_id": [str(k) for k in range(n)],
        "src_r_mag": np.full(n, 22.5),
        "src_mag_frame": ["observed"] * n,
        "is_control": np.zeros(n, bool),
    }
    pixels = Pixels(
        image=np.zeros((n, 3, size, size), np.float32),
        invvar=np.full((n, 3, size, size), 1e4, np.float32),
        maskbits=np.zeros((n, size, size), np.int32),
        psf_fwhm_arcsec=np.full((n, 3), psfsize_arcsec),
        gain_e_per_nmgy=np.full((n, 3), 8000.0),
    )
    return pa.RecordBatch.from_pydict(columns), pixels
