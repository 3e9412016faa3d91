"""The same systems drawn by lenstronomy, in its conventions."""

import numpy as np
from lenstronomy.Data.pixel_grid import PixelGrid
from lenstronomy.Data.psf import PSF
from lenstronomy.ImSim.image_model import ImageModel
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.LightModel.light_model import LightModel
from lenstronomy.Util.param_util import phi_q2_ellipticity
from scipy import special

from udfs.light.sersic import b_n, central_brightness

LENSTRONOMY_B = 1.9992, -0.3271  # b = 1.9992 n - 0.3271


def lens_arguments(system):
    """theta_E is the same (circularised); e = (1 - q) / (1 + q); shear about the origin."""
    e1, e2 = phi_q2_ellipticity(system["lens_phi_rad"], system["lens_q"])
    sie = {"theta_E": system["theta_e_arcsec"], "e1": e1, "e2": e2, "center_x": 0, "center_y": 0}
    return [sie, {"gamma1": system["shear_g1"], "gamma2": system["shear_g2"]}]


def light_arguments(system, is_same_profile):
    """R_sersic is the geometric mean of the axes, amp the brightness there.

    With `is_same_profile` the radius is rescaled so that lenstronomy's approximate b gives exactly
    our profile; without, lenstronomy is given the half-light radius and draws its own.
    """
    n, q = system["src_n"], system["src_q"]
    e1, e2 = phi_q2_ellipticity(system["src_phi_rad"], q)
    b = LENSTRONOMY_B[0] * n + LENSTRONOMY_B[1]
    mean = system["src_reff_arcsec"] * np.sqrt(q)
    if is_same_profile:
        mean *= (b / float(b_n(n))) ** n
        amp = float(central_brightness(n, q, system["src_reff_arcsec"])) * np.exp(-b)
    else:
        amp = 1 / (2 * np.pi * n * mean**2 * np.exp(b) * b ** (-2 * n) * special.gamma(2 * n))
    return {
        "amp": amp, "R_sersic": mean, "n_sersic": n, "e1": e1, "e2": e2,
        "center_x": system["src_x_arcsec"], "center_y": system["src_y_arcsec"],
    }  # fmt: skip


def image(
    system, supersampling, is_same_profile=True, psf_fwhm_arcsec=None, is_psf_supersampled=True
):
    """Pixel values by lenstronomy, (size_pix, size_pix).

    With `is_psf_supersampled` the PSF is applied to the samples, without to the summed pixels.
    """
    scale, size = system["pixel_scale_arcsec"], system["size_pix"]
    grid = PixelGrid(
        nx=size, ny=size, transform_pix2angle=np.eye(2) * scale,
        ra_at_xy_0=-system["lens_x_pix"] * scale, dec_at_xy_0=-system["lens_y_pix"] * scale,
    )  # fmt: skip
    psf = {"psf_type": "NONE"}
    if psf_fwhm_arcsec is not None:
        psf = {"psf_type": "GAUSSIAN", "fwhm": psf_fwhm_arcsec, "pixel_size": scale}
    model = ImageModel(
        grid, PSF(**psf), LensModel(["SIE", "SHEAR"]), LightModel(["SERSIC_ELLIPSE"]),
        kwargs_numerics={"supersampling_factor": supersampling, "supersampling_convolution": is_psf_supersampled},
    )  # fmt: skip
    return model.image(lens_arguments(system), [light_arguments(system, is_same_profile)])
