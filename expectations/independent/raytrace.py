"""Magnification by inverse ray shooting, in plain numpy.

Nothing here is shared with the renderer that it checks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import DOUBLE
from scipy.special import gamma, gammaincinv

FUNCTION = "raytraced_magnification"
HALF_BOX_ARCSEC = 64.0  # holds all but 0.1 % of an n = 4 source of 0.5 arcsec
FIRST_CELLS = 32  # per side
MAX_LEVEL = 14  # cells of 0.1 mas
RELATIVE_ERROR = 1e-3  # of the integral, shared by the cells of a level
NODES, WEIGHTS = np.polynomial.legendre.leggauss(4)
ROUND_LENS = 1e-6  # below this 1 - q the ellipse is a circle

Plane = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class System:
    """A SIE with shear and a Sersic source.

    Its fields are columns of `injection_tasks`, in the same units.
    """

    theta_e_arcsec: float
    lens_e: float
    lens_phi_rad: float
    shear: float
    shear_phi_rad: float
    src_x_arcsec: float
    src_y_arcsec: float
    src_reff_arcsec: float
    src_e: float
    src_phi_rad: float
    src_n: float


def register(connection: DuckDBPyConnection) -> None:
    """Register ``raytraced_magnification`` on a connection that lacks it.

    In SQL: ``raytraced_magnification([theta_e_arcsec, lens_e, ...])``.
    """
    known = "select 1 from duckdb_functions() where function_name = ?"
    if connection.execute(known, [FUNCTION]).fetchone():
        return
    connection.create_function(FUNCTION, raytraced_magnification, [f"{DOUBLE}[]"], DOUBLE)


def raytraced_magnification(parameters: Sequence[float]) -> float:
    """Return the total flux of a lensed source over its unlensed flux.

    Adaptive cubature of the surface brightness over the image plane: lensing conserves surface
    brightness, so nothing but the lens equation is needed.

    Parameters
    ----------
    parameters : (11,) float
        The fields of `System` in their order: arcsec, rad, and numbers without a unit.

    Returns
    -------
    float
        Magnification, without a unit.
    """
    system = System(*parameters)
    beta = float(np.hypot(system.src_x_arcsec, system.src_y_arcsec))
    # Images lie within this of the lens, and are no smaller than the source's minor axis.
    reach = (beta + 1.5 * system.theta_e_arcsec + 3 * system.src_reff_arcsec) / (1 - system.shear)
    minor = system.src_reff_arcsec * (1 - system.src_e) / (1 + system.src_e)

    def brightness(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        beta_x, beta_y = source_plane(x, y, system)
        return _sersic(beta_x - system.src_x_arcsec, beta_y - system.src_y_arcsec, system)

    return _adaptive_integral(brightness, reach, minor)


def source_plane(x: np.ndarray, y: np.ndarray, system: System) -> tuple[np.ndarray, np.ndarray]:
    """Map points of the image plane to the source plane.

    The lens is the SIE of Kormann, Schneider & Bartelmann (1994), with shear added. The critical
    curve of the SIE alone encloses the area of a circle with radius theta_E.

    Parameters
    ----------
    x, y : (n,) or (n, m) float
        Positions in the image plane from the lens, arcsec.
    system : System
        The lens and its shear.

    Returns
    -------
    tuple of two arrays, shaped like x
        Positions in the source plane from the lens, arcsec.
    """
    q = (1 - system.lens_e) / (1 + system.lens_e)
    along, across = _rotated(x, y, system.lens_phi_rad)
    if 1 - q < ROUND_LENS:
        scale = system.theta_e_arcsec / np.hypot(along, across)
        alpha = scale * along, scale * across
    else:
        f = np.sqrt(1 - q * q)
        psi = np.sqrt(q * q * along**2 + across**2)
        scale = system.theta_e_arcsec * np.sqrt(q) / f
        alpha = scale * np.arctan(f * along / psi), scale * np.arctanh(f * across / psi)
    alpha_x, alpha_y = _rotated(*alpha, -system.lens_phi_rad)
    g1 = system.shear * np.cos(2 * system.shear_phi_rad)
    g2 = system.shear * np.sin(2 * system.shear_phi_rad)
    return x - alpha_x - g1 * x - g2 * y, y - alpha_y - g2 * x + g1 * y


def _sersic(x: np.ndarray, y: np.ndarray, system: System) -> np.ndarray:
    """Return a profile of total flux 1 per arcsec^2 (Graham & Driver 2005)."""
    q = (1 - system.src_e) / (1 + system.src_e)
    n, reff = system.src_n, system.src_reff_arcsec
    b = gammaincinv(2 * n, 0.5)
    along, across = _rotated(x, y, system.src_phi_rad)
    radius = np.sqrt(along**2 + (across / q) ** 2) / reff
    total = 2 * np.pi * n * q * reff**2 * b ** (-2 * n) * gamma(2 * n)
    return np.exp(-b * radius ** (1 / n)) / total


def _rotated(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates along and across an axis at an angle from +x."""
    c, s = np.cos(angle), np.sin(angle)
    return c * x + s * y, c * y - s * x


def _adaptive_integral(brightness: Plane, reach: float, finest: float) -> float:
    """Integrate over the box, in cells of as many sizes as are needed.

    A cell is split in four until its quarters agree with it. Within ``reach`` of the centre, cells wider than ``finest`` are split in any case, since a
    small image may hide between the nodes of a large cell.
    """
    half = HALF_BOX_ARCSEC / FIRST_CELLS
    centres = np.linspace(half - HALF_BOX_ARCSEC, HALF_BOX_ARCSEC - half, FIRST_CELLS)
    x, y = (grid.ravel() for grid in np.meshgrid(centres, centres))
    whole, settled = _cell_integrals(brightness, x, y, half), 0.0
    for _ in range(MAX_LEVEL):
        half /= 2
        x = (x[:, None] + half * np.array([-1, 1, -1, 1])).ravel()
        y = (y[:, None] + half * np.array([-1, -1, 1, 1])).ravel()
        quarters = _cell_integrals(brightness, x, y, half)
        change = np.abs(quarters.reshape(-1, 4).sum(axis=1) - whole)
        is_rough = change > RELATIVE_ERROR * (quarters.sum() + settled) / len(whole)
        if 2 * half > finest:
            is_rough |= np.hypot(x, y).reshape(-1, 4).min(axis=1) < reach + 2 * half
        settled += float(quarters.reshape(-1, 4)[~is_rough].sum())
        keep = np.repeat(is_rough, 4)
        x, y, whole = x[keep], y[keep], quarters[keep]
        if not whole.size:
            break
    return settled + float(whole.sum())


def _cell_integrals(brightness: Plane, x: np.ndarray, y: np.ndarray, half: float) -> np.ndarray:
    """Integrate square cells of a half-width about (x, y) by Gauss-Legendre."""
    node_x, node_y = (grid.ravel() for grid in np.meshgrid(NODES, NODES))
    values = brightness(x[:, None] + half * node_x, y[:, None] + half * node_y)
    return np.asarray(values @ np.outer(WEIGHTS, WEIGHTS).ravel() * half**2)
