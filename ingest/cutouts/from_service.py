"""Cutouts from the viewer's cutout service.

The service resamples: use them for comparison, not for training pairs.

https://www.legacysurvey.org/viewer/fits-cutout
"""

import math
from dataclasses import replace

import numpy as np

from ingest.cutouts.objects import PIXEL_SCALE_ARCSEC, Cutout, CutoutSettings, SkyObject
from ingest.transport import TransportError
from ingest.transport.http import HttpSource
from ingest.transport.retrying import Tries, try_again
from pixels.cards import BLOCK_BYTES, FitsError, Hdu, read_hdu
from store.failures import FileRefused

SERVICE = "https://www.legacysurvey.org/viewer/fits-cutout"
LAYER = "ls-dr10-south"
MAX_ANSWER_BYTES = 64 << 20
FLOAT32_BITPIX = -32


def cutout_from_service(
    obj: SkyObject, settings: CutoutSettings, service: HttpSource, layer: str, tries: Tries
) -> Cutout:
    """Return the service's cutout of an object, or the reason it failed."""
    cutout = Cutout(obj, source=f"{service.location('')} layer={layer}")
    if not (np.isfinite(obj.ra) and np.isfinite(obj.dec)):
        return replace(cutout, reason_code="missing_coordinates", message=f"{obj.ra}, {obj.dec}")
    query = {
        "ra": f"{obj.ra:.8f}",
        "dec": f"{obj.dec:.8f}",
        "layer": layer,
        "pixscale": str(PIXEL_SCALE_ARCSEC),
        "bands": settings.bands,
        "size": str(settings.size),
    }
    try:
        pixels, hdu = try_again(
            lambda: parsed_cutout(service.read("", query, MAX_ANSWER_BYTES), settings),
            service.settings,
            tries,
        )
    except TransportError as error:
        message = f"{error.reason_code}: {error}"
        return replace(cutout, reason_code="download_failed", message=message)
    except FileRefused as error:
        return replace(cutout, reason_code=error.reason_code, message=str(error))
    return replace(
        cutout,
        pixels=pixels,
        release=hdu.text("VERSION") or None,
        pipeline=hdu.text("SURVEY") or None,
    )


def parsed_cutout(answer: bytes, settings: CutoutSettings) -> tuple[np.ndarray, Hdu]:
    """Return the pixels and the header of an answer of the service.

    Returns
    -------
    (band, y, x) float32, nanomaggy
    Hdu

    Raises
    ------
    FileRefused
        ``not_fits``, ``parse_error``, ``no_data_in_hdu0``, ``wrong_n_bands`` or ``wrong_size``.
    """
    if not answer.startswith(b"SIMPLE  =") or len(answer) % BLOCK_BYTES:
        raise FileRefused("not_fits", f"{len(answer)} bytes, beginning with {answer[:40]!r}")
    try:
        hdu = read_hdu(np.frombuffer(answer, np.uint8), 0)
        _check_shape(hdu, settings)
    except FitsError as error:
        raise FileRefused("parse_error", str(error)) from error
    shape = (len(settings.bands), settings.size, settings.size)
    values = np.frombuffer(answer, ">f4", math.prod(shape), hdu.data_offset)
    return values.astype(np.float32).reshape(shape), hdu


def _check_shape(hdu: Hdu, settings: CutoutSettings) -> None:
    """Refuse an answer of other bands, size or type than asked for."""
    n_axes = hdu.integer("NAXIS")
    if n_axes == 0:
        raise FileRefused("no_data_in_hdu0", "the first header-data unit is empty")
    n_bands = hdu.integer("NAXIS3") if n_axes == 3 else 1
    stated = "".join(hdu.text(f"BAND{i}") for i in range(len(settings.bands)))
    if n_bands != len(settings.bands) or (n_bands > 1 and stated != settings.bands):
        raise FileRefused(
            "wrong_n_bands", f"{n_bands} bands ({stated}), asked for {settings.bands}"
        )
    sides = (hdu.integer("NAXIS1"), hdu.integer("NAXIS2"))
    if sides != (settings.size, settings.size) or n_axes not in (2, 3):
        raise FileRefused("wrong_size", f"{sides} pixels, asked for {settings.size}")
    if hdu.integer("BITPIX") != FLOAT32_BITPIX:
        raise FileRefused("parse_error", f"BITPIX {hdu.integer('BITPIX')}, expected float32")
