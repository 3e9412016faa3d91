"""Stamps as pictures, north up and east left.

Stamps of several bands are colour composites of g, r and z.
"""

import base64
import io

import numpy as np
from astropy.visualization import make_lupton_rgb
from PIL import Image

# As in the Legacy Surveys viewer: z red, r green, g blue, each scaled to a similar sky noise.
BAND_SCALE = {"g": 1.0, "r": 0.72, "z": 0.42}
STRETCH_NMGY = 0.05  # a few times the sky noise
ARC_STRETCH_NMGY = 0.01  # for an arc alone, which has no sky noise
SOFTENING = 6.0
BLACK = -0.2  # in units of the stretch: a little below the sky, so that its noise is visible
ENLARGEMENT = 2


def picture(planes: np.ndarray, bands: tuple[str, ...], stretch_nmgy: float = STRETCH_NMGY) -> str:
    """Return a stamp as a PNG data URI.

    Parameters
    ----------
    planes : (band, y, x) float32, nanomaggy per pixel, row 0 south and column 0 east
    bands : names of the planes; one band gives grey
    stretch_nmgy : where the scale turns from linear to logarithmic

    Returns
    -------
    str
    """
    image = composite(planes, bands, stretch_nmgy)[
        ::-1
    ]  # PNG starts at the top, where north belongs
    drawn = Image.fromarray(np.ascontiguousarray(image))
    size = (drawn.width * ENLARGEMENT, drawn.height * ENLARGEMENT)
    buffer = io.BytesIO()
    drawn.resize(size, Image.Resampling.NEAREST).save(buffer, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def composite(
    planes: np.ndarray, bands: tuple[str, ...], stretch_nmgy: float = STRETCH_NMGY
) -> np.ndarray:
    """Return a colour composite after Lupton et al. (2004, PASP 116, 133).

    Parameters
    ----------
    planes : (band, y, x) float32, nanomaggy per pixel
    bands : names of the planes; one band gives grey
    stretch_nmgy : where the scale turns from linear to logarithmic

    Returns
    -------
    (y, x, 3) uint8
    """
    clean = np.nan_to_num(np.asarray(planes, dtype=np.float64))
    by_band = {band: clean[i] * BAND_SCALE.get(band, 1.0) for i, band in enumerate(bands)}
    red, green, blue = (by_band.get(band, clean[-1]) for band in ("z", "r", "g"))
    return make_lupton_rgb(
        red, green, blue, stretch=stretch_nmgy, Q=SOFTENING, minimum=BLACK * stretch_nmgy
    )
