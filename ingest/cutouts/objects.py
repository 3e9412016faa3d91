"""Objects, their cutouts, and the rows that cutouts become."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

SIZE_PIX = 101  # Inchausti et al. 2025
PIXEL_SCALE_ARCSEC = 0.262  # of the coadds; the cutout service is asked for the same


@dataclass(frozen=True)
class CutoutSettings:
    """Settings that all cutouts of a set share.

    Parameters
    ----------
    origin : str
        coadds (untouched coadd pixels) or service (resampled by the cutout service).
    bands : str
    size : int, pixels
    """

    origin: str
    bands: str
    size: int

    def __str__(self) -> str:
        return f"{self.origin}, {self.bands}, {self.size} x {self.size} pixels"


@dataclass(frozen=True)
class SkyObject:
    """An object to be cut out; its position in degrees, NaN when unknown."""

    galaxy_id: str
    brickname: str | None
    ra: float
    dec: float


@dataclass(frozen=True)
class Cutout:
    """A cutout, or the reason why there is none.

    Parameters
    ----------
    pixels : (band, y, x) float32, nanomaggy, or None
    x_pix, y_pix : float, pixels
        Position of the object in the coadd image, from 0; None for the service.
    x0_pix, y0_pix : int, pixels
        First column and row of the cutout in that image.
    release, pipeline : str or None
        From the header of the image (DRVERSIO, LEGPIPEV).
    """

    object: SkyObject
    source: str
    pixels: np.ndarray | None = None
    reason_code: str | None = None
    message: str | None = None
    x_pix: float | None = None
    y_pix: float | None = None
    x0_pix: int | None = None
    y0_pix: int | None = None
    release: str | None = None
    pipeline: str | None = None


COLUMNS = {
    "galaxy_id": ("varchar", pa.string()),
    "brickname": ("varchar", pa.string()),
    "ra": ("double", pa.float64()),
    "dec": ("double", pa.float64()),
    "cutout_origin": ("varchar", pa.string()),
    "bands": ("varchar", pa.string()),
    "size_pix": ("integer", pa.int32()),
    "pixel_scale_arcsec": ("double", pa.float64()),
    "x_pix": ("double", pa.float64()),
    "y_pix": ("double", pa.float64()),
    "x0_pix": ("integer", pa.int32()),
    "y0_pix": ("integer", pa.int32()),
    "release": ("varchar", pa.string()),
    "pipeline": ("varchar", pa.string()),
    "source": ("varchar", pa.string()),
    "pixels": ("float[]", pa.list_(pa.float32())),
}


def cutout_table(cutouts: list[Cutout], settings: CutoutSettings) -> pa.Table:
    """Return rows of ``cutout_pixels``, pixels in (band, y, x) order.

    Parameters
    ----------
    cutouts : list of Cutout
        With pixels; at least one.
    settings : CutoutSettings

    Returns
    -------
    pa.Table
        A row per cutout, with `COLUMNS`; pixels in nanomaggies.
    """
    rows = [_row(cutout, settings) for cutout in cutouts]
    arrays = {
        name: pa.array([row[name] for row in rows], kind)
        for name, (_, kind) in COLUMNS.items()
        if name != "pixels"
    }
    pixels = [cutout.pixels for cutout in cutouts if cutout.pixels is not None]
    flat = np.concatenate([image.ravel() for image in pixels]).astype(np.float32)
    n_values = len(settings.bands) * settings.size**2
    offsets = np.arange(0, flat.size + 1, n_values, dtype=np.int32)
    return pa.table(arrays | {"pixels": pa.ListArray.from_arrays(offsets, flat)})


def _row(cutout: Cutout, settings: CutoutSettings) -> dict[str, object]:
    """Return a row of ``cutout_pixels`` without the pixels."""
    return {
        "galaxy_id": cutout.object.galaxy_id,
        "brickname": cutout.object.brickname,
        "ra": cutout.object.ra,
        "dec": cutout.object.dec,
        "cutout_origin": settings.origin,
        "bands": settings.bands,
        "size_pix": settings.size,
        "pixel_scale_arcsec": PIXEL_SCALE_ARCSEC,
        "x_pix": cutout.x_pix,
        "y_pix": cutout.y_pix,
        "x0_pix": cutout.x0_pix,
        "y0_pix": cutout.y0_pix,
        "release": cutout.release,
        "pipeline": cutout.pipeline,
        "source": cutout.source,
    }
