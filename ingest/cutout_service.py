"""Cutouts from the viewer's cutout service, which resamples: for comparison, not for training pairs.

https://www.legacysurvey.org/viewer/fits-cutout
"""

import io
from dataclasses import replace

import numpy as np
from astropy.io import fits

from ingest.cutout_objects import PIXEL_SCALE_ARCSEC, Cutout, CutoutSettings, SkyObject
from ingest.failures import FileRefused
from ingest.fits_cards import BLOCK_BYTES
from ingest.transport import TransportError
from ingest.transport.http import HttpSource
from ingest.transport.retrying import Tries, try_again

SERVICE = "https://www.legacysurvey.org/viewer/fits-cutout"
LAYER = "ls-dr10-south"
MAX_ANSWER_BYTES = 64 << 20


def cutout_from_service(
    obj: SkyObject, settings: CutoutSettings, service: HttpSource, layer: str, tries: Tries
) -> Cutout:
    """The cutout that the service makes of an object, checked; or why there is none."""
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
        pixels, header = try_again(
            lambda: parsed_cutout(service.read("", query, MAX_ANSWER_BYTES), settings),
            service.settings,
            tries,
        )
    except TransportError as error:
        message = f"{error.reason_code}: {error}"
        return replace(cutout, reason_code="download_failed", message=message)
    except FileRefused as error:
        return replace(cutout, reason_code=error.reason_code, message=str(error))
    release = str(header.get("VERSION") or "") or None
    pipeline = str(header.get("SURVEY") or "") or None
    return replace(cutout, pixels=pixels, release=release, pipeline=pipeline)


def parsed_cutout(answer: bytes, settings: CutoutSettings) -> tuple[np.ndarray, fits.Header]:
    """Pixels and header of an answer of the service.

    Returns
    -------
    (band, y, x) float32, nanomaggy
    fits.Header

    Raises
    ------
    FileRefused
        ``not_fits``, ``parse_error``, ``no_data_in_hdu0``, ``wrong_n_bands`` or ``wrong_size``.
    """
    if not answer.startswith(b"SIMPLE  =") or len(answer) % BLOCK_BYTES:
        raise FileRefused("not_fits", f"{len(answer)} bytes, beginning with {answer[:40]!r}")
    try:
        with fits.open(io.BytesIO(answer)) as hdus:
            header = hdus[0].header
            shape = tuple(header.get(f"NAXIS{axis}") for axis in (3, 2, 1))
            _check_shape(header, shape, settings)
            pixels = np.array(hdus[0].data, dtype=np.float32)
    except (OSError, ValueError, TypeError, fits.VerifyError) as error:
        raise FileRefused("parse_error", str(error)) from error
    return pixels.reshape(len(settings.bands), settings.size, settings.size), header


def _check_shape(
    header: fits.Header, shape: tuple[int | None, ...], settings: CutoutSettings
) -> None:
    if not header.get("NAXIS"):
        raise FileRefused("no_data_in_hdu0", "the first header-data unit is empty")
    n_bands = shape[0] if header["NAXIS"] == 3 else 1
    stated = [str(header.get(f"BAND{i}", "")).strip() for i in range(len(settings.bands))]
    if n_bands != len(settings.bands) or (len(stated) > 1 and "".join(stated) != settings.bands):
        raise FileRefused("wrong_n_bands", f"{n_bands} bands {stated}, asked for {settings.bands}")
    if shape[1:] != (settings.size, settings.size):
        raise FileRefused("wrong_size", f"{shape[1:]} pixels, asked for {settings.size}")
