"""Pixel-integrated image of a lensed Sersic source, double precision.

This is the plain version: one cell after the other, with the library's own functions. The batch
path (`udfs.core.render`) does the same in single precision with every trick, and is tested
against it.
"""

from math import atan2, atanh, cos, exp, sin, sqrt
from typing import Any

import numpy as np
from numba import float64, int64

from udfs.checks import (
    SERSIC_INDEX_RANGE,
    require_axis_ratio,
    require_finite,
    require_not_negative,
    require_positive,
    require_shear,
    require_within,
)
from udfs.jit import called_with, kernel
from udfs.light.sersic import b_n, central_brightness

CUSP_MARGIN = 1.5  # cells: the centre of the source is split off when nearer than this
MAX_EXPONENT_STEP = 2.0  # change of b (R/R_e)^(1/n) over a cell that the quadrature takes
DARK_EXPONENT = 40.0  # e^-40 of the central brightness adds nothing
MAX_LEVEL = 10  # a cell is split in four at most this often: 1/1024 of a pixel

_GAUSS_NODE, _GAUSS_WEIGHT = np.polynomial.legendre.leggauss(4)
GAUSS_OFFSET = _GAUSS_NODE / 2  # in cells, from the cell's centre
GAUSS_WEIGHT = _GAUSS_WEIGHT / 2

# A system is an array: theta_E sqrt(q), q, f, cos phi, sin phi, g1, g2, source x, y, cos, sin, 1/q_s
# 1/R_e, 1/n, b. All in arcsec and radian.
SYSTEM_SIZE = 15


def render_lensed_sersic(  # noqa: PLR0913  (a system has this many parameters)
    *,
    theta_e_arcsec: float,
    lens_q: float,
    lens_phi_rad: float,
    shear_g1: float,
    shear_g2: float,
    src_x_arcsec: float,
    src_y_arcsec: float,
    src_reff_arcsec: float,
    src_q: float,
    src_phi_rad: float,
    src_n: float,
    lens_x_pix: float,
    lens_y_pix: float,
    size_pix: int,
    pixel_scale_arcsec: float,
) -> np.ndarray:
    """Render a Sersic source behind an SIE with external shear.

    The source has unit unlensed flux.

    beta = theta - alpha_SIE(theta) - Gamma theta, the shear about the lens centre. The image is
    before the PSF and never renormalised, so its sum is the magnification, but for what falls
    outside. `theta_e_arcsec = 0` without shear gives the unlensed source.

    Parameters
    ----------
    theta_e_arcsec : float, arcsec
        Circularised Einstein radius, 0 or more.
    lens_q, src_q : float
        Axis ratios, above 0 and up to 1.
    lens_phi_rad, src_phi_rad : float, radian
        Directions of the major axes, from +x towards +y.
    shear_g1, shear_g2 : float
        g (cos 2 phi, sin 2 phi), g below 1.
    src_x_arcsec, src_y_arcsec : float, arcsec
        Source position relative to the lens.
    src_reff_arcsec : float, arcsec
        Semi-major half-light radius.
    src_n : float
        Sersic index, 0.3 to 8.
    lens_x_pix, lens_y_pix : float, pixel
        Lens position, counted from 0 at the centre of the first pixel.
    size_pix : int, pixel
        Side of the image.
    pixel_scale_arcsec : float, arcsec / pixel

    Returns
    -------
    (size_pix, size_pix) float64
        Fraction of the unlensed flux per pixel, indexed [y, x].

    Raises
    ------
    ValueError
        For a parameter out of its range or not finite.
    """
    parameters = locals()
    check_system(**parameters)
    system = pack_system(**parameters)
    amplitude = float(central_brightness(src_n, src_q, src_reff_arcsec)) * pixel_scale_arcsec**2
    image = _render(system, float(lens_x_pix), float(lens_y_pix), int(size_pix), pixel_scale_arcsec)
    return amplitude * image


def check_system(**parameters: float) -> None:
    """Refuse parameters of `render_lensed_sersic` that are out of their range."""
    for name, value in parameters.items():
        require_finite(name, value)
    require_not_negative("theta_e_arcsec", parameters["theta_e_arcsec"])
    require_axis_ratio("lens_q", parameters["lens_q"])
    require_axis_ratio("src_q", parameters["src_q"])
    require_shear(parameters["shear_g1"], parameters["shear_g2"])
    require_positive("src_reff_arcsec", parameters["src_reff_arcsec"])
    require_within("src_n", parameters["src_n"], SERSIC_INDEX_RANGE)
    require_positive("pixel_scale_arcsec", parameters["pixel_scale_arcsec"])
    size = parameters["size_pix"]
    if size < 1 or size != int(size):
        raise ValueError(f"size_pix must be a whole number above 0, got {size}")


def pack_system(**parameters: float) -> np.ndarray:
    """Pack parameters into the array that the kernels take.

    Those of `render_lensed_sersic`.

    Parameters
    ----------
    **parameters : float

    Returns
    -------
    (15,) float64, arcsec and radian
    """
    p = parameters
    q = float(p["lens_q"])
    system = np.empty(SYSTEM_SIZE)
    system[0:3] = p["theta_e_arcsec"] * sqrt(q), q, sqrt((1 - q) * (1 + q))
    system[3:5] = cos(p["lens_phi_rad"]), sin(p["lens_phi_rad"])
    system[5:9] = p["shear_g1"], p["shear_g2"], p["src_x_arcsec"], p["src_y_arcsec"]
    system[9:12] = cos(p["src_phi_rad"]), sin(p["src_phi_rad"]), 1 / p["src_q"]
    system[12:15] = 1 / p["src_reff_arcsec"], 1 / p["src_n"], float(b_n(p["src_n"]))
    return system


@kernel
def source_offset(system: np.ndarray, x: float, y: float) -> Any:
    """Return the source-plane position relative to the source, arcsec.

    Of an image-plane point.

    Parameters
    ----------
    system : (15,) float64
    x, y : float, arcsec

    Returns
    -------
    bx, by : float, arcsec
    """
    scale, q, f, cos_l, sin_l = system[0], system[1], system[2], system[3], system[4]
    x_major, y_minor = x * cos_l + y * sin_l, y * cos_l - x * sin_l
    psi = sqrt(q * q * x_major * x_major + y_minor * y_minor)
    a_major, a_minor = 0.0, 0.0
    if psi > 0:
        if f > 0:
            a_major = scale * atan2(f * x_major, psi) / f
            a_minor = scale * atanh(f * y_minor / psi) / f
        else:
            a_major, a_minor = scale * x_major / psi, scale * y_minor / psi
    bx = x - (a_major * cos_l - a_minor * sin_l) - (system[5] * x + system[6] * y) - system[7]
    by = y - (a_major * sin_l + a_minor * cos_l) - (system[6] * x - system[5] * y) - system[8]
    return bx, by


@kernel
def exponent(system: np.ndarray, bx: float, by: float) -> Any:
    """Return b (R / R_e)^(1/n) at a source-plane offset.

    R is the semi-major elliptical radius.

    Parameters
    ----------
    system : (15,) float64
    bx, by : float, arcsec

    Returns
    -------
    float
    """
    x_major = bx * system[9] + by * system[10]
    y_minor = (by * system[9] - bx * system[10]) * system[11]
    radius = sqrt(x_major * x_major + y_minor * y_minor) * system[12]
    return system[14] * radius ** system[13]


@kernel
def is_near_cusp(system: np.ndarray, x: float, y: float, cell: float, margin: float) -> Any:
    """Return whether the source's or the lens' centre is near a cell.

    Whether the image of the source's centre, or the lens centre, is within `margin` cells.

    With A the Jacobian of the lens map, the image of the centre is at A^-1 times the source-plane
    offset. For an SIE A = 1 - 2 kappa t t^T - Gamma, t being the tangential direction. Near a
    critical curve det A vanishes, so what it changes over a cell is added to it.

    Parameters
    ----------
    system : (15,) float64
    x, y : float, arcsec
    cell : float, arcsec
    margin : float, cell

    Returns
    -------
    bool
    """
    radius = sqrt(x * x + y * y)
    if radius < margin * cell:
        return True
    scale, q, cos_l, sin_l = system[0], system[1], system[3], system[4]
    x_major, y_minor = x * cos_l + y * sin_l, y * cos_l - x * sin_l
    two_kappa = scale / sqrt(q * q * x_major * x_major + y_minor * y_minor)
    tx, ty = -y / radius, x / radius
    a11 = 1 - two_kappa * tx * tx - system[5]
    a22 = 1 - two_kappa * ty * ty + system[5]
    a12 = -two_kappa * tx * ty - system[6]
    bx, by = source_offset(system, x, y)
    reach = margin * cell * (abs(a11 * a22 - a12 * a12) + two_kappa * cell / radius)
    return abs(a22 * bx - a12 * by) < reach and abs(a11 * by - a12 * bx) < reach


@kernel
def is_smooth(system: np.ndarray, x: float, y: float, cell: float) -> Any:
    """Return whether a cell is smooth enough, or dark all over.

    Smooth is a small change of the exponent over it.

    Parameters
    ----------
    system : (15,) float64
    x, y : float, arcsec
    cell : float, arcsec

    Returns
    -------
    bool
    """
    bx, by = source_offset(system, x, y)
    half = 0.5 * cell
    middle = exponent(system, bx, by)
    lowest, highest = middle, middle
    for corner in range(4):
        sx, sy = half * (2 * (corner % 2) - 1), half * (2 * (corner // 2) - 1)
        cx, cy = source_offset(system, x + sx, y + sy)
        value = exponent(system, cx, cy)
        lowest, highest = min(lowest, value), max(highest, value)
    return highest - lowest < MAX_EXPONENT_STEP or lowest - (highest - lowest) > DARK_EXPONENT


@kernel
def _cell_mean(system: np.ndarray, x: float, y: float, cell: float) -> Any:
    """Integrate exp(-exponent) over a cell by 4x4 Gauss-Legendre nodes."""
    total = 0.0
    for i in range(4):
        for j in range(4):
            bx, by = source_offset(system, x + cell * GAUSS_OFFSET[j], y + cell * GAUSS_OFFSET[i])
            total += GAUSS_WEIGHT[i] * GAUSS_WEIGHT[j] * exp(-exponent(system, bx, by))
    return total


@kernel
def _pixel_mean(system: np.ndarray, x: float, y: float, scale: float, stack: np.ndarray) -> Any:
    """Integrate exp(-exponent) over a pixel.

    Cells are split in four until each is smooth.
    """
    total = 0.0
    stack[0, 0], stack[0, 1], stack[0, 2] = x, y, 0
    height = 1
    while height > 0:
        height -= 1
        cx, cy, level = stack[height, 0], stack[height, 1], stack[height, 2]
        part = 0.5**level
        cell = scale * part
        if level >= MAX_LEVEL or not (
            is_near_cusp(system, cx, cy, cell, CUSP_MARGIN) or not is_smooth(system, cx, cy, cell)
        ):
            total += part * part * _cell_mean(system, cx, cy, cell)
            continue
        for corner in range(4):
            stack[height, 0] = cx + 0.25 * cell * (2 * (corner % 2) - 1)
            stack[height, 1] = cy + 0.25 * cell * (2 * (corner // 2) - 1)
            stack[height, 2] = level + 1
            height += 1
    return total


@called_with(lambda: [(float64[::1], float64, float64, int64, float64)])
@kernel
def _render(system: np.ndarray, lens_x: float, lens_y: float, size: int, scale: float) -> Any:
    """Fill the mean of exp(-exponent) over each pixel of the image."""
    image = np.empty((size, size))
    stack = np.empty((4 * (MAX_LEVEL + 1), 3))
    for row in range(size):
        for column in range(size):
            x, y = (column - lens_x) * scale, (row - lens_y) * scale
            image[row, column] = _pixel_mean(system, x, y, scale, stack)
    return image
