"""Sources of several Sersic components that share one total flux."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from udfs.checks import require_within
from udfs.reference.render import render_lensed_sersic


@dataclass(frozen=True)
class Clump:
    """A component besides the main one.

    Attributes
    ----------
    flux_fraction : of the total unlensed flux
    x_arcsec, y_arcsec : position relative to the main component, arcsec
    reff_arcsec : semi-major half-light radius, arcsec
    q : axis ratio
    phi_rad : direction of the major axis, from +x towards +y, radian
    n : Sersic index
    """

    flux_fraction: float
    x_arcsec: float
    y_arcsec: float
    reff_arcsec: float
    q: float = 1.0
    phi_rad: float = 0.0
    n: float = 1.0


def render_lensed_clumps(clumps: tuple[Clump, ...], **system: Any) -> np.ndarray:
    """Render a source with clumps, of unit total unlensed flux.

    The clumps' shares are taken from the main component.

    Parameters
    ----------
    clumps : tuple of Clump
        Their flux fractions add up to at most 1.
    **system
        The arguments of `udfs.reference.render.render_lensed_sersic`, for the main component.

    Returns
    -------
    (size_pix, size_pix) float64
        Fraction of the total unlensed flux per pixel.

    Raises
    ------
    ValueError
        For fractions that are negative or add up to more than 1, or bad parameters.
    """
    for clump in clumps:
        require_within("flux_fraction", clump.flux_fraction, (0.0, 1.0))
    main_fraction = 1.0 - sum(clump.flux_fraction for clump in clumps)
    require_within("flux left to the main component", main_fraction, (0.0, 1.0))
    image = main_fraction * render_lensed_sersic(**system)
    for clump in clumps:
        parameters = system | {
            "src_x_arcsec": system["src_x_arcsec"] + clump.x_arcsec,
            "src_y_arcsec": system["src_y_arcsec"] + clump.y_arcsec,
            "src_reff_arcsec": clump.reff_arcsec,
            "src_q": clump.q,
            "src_phi_rad": clump.phi_rad,
            "src_n": clump.n,
        }
        image += clump.flux_fraction * render_lensed_sersic(**parameters)
    return image
