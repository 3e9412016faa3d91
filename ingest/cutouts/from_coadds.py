"""Cutouts of untouched coadd pixels, cut like the injected stamps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.coadds.cache import BrickFolder, FileRecord
from ingest.coadds.fetch import Plan, fetch_files
from ingest.coadds.files import IMAGE, CoaddFile
from ingest.cutouts.objects import Cutout, CutoutSettings, SkyObject
from pixels.cards import FitsError
from pixels.image import TiledImage, open_images
from pixels.tiles import cut_squares
from pixels.wcs import pixel_from_sky, wcs_from_cards
from store.failures import FileRefused
from store.survey_files import is_brick_name
from udfs.batch.stamps import stamp_corner


def cutouts_of_brick(
    objects: Sequence[SkyObject], settings: CutoutSettings, plan: Plan, coadds: Path
) -> list[Cutout]:
    """Return the cutouts of a brick's objects, fetching the images it needs.

    Raises
    ------
    LimitReached
    """
    brickname = objects[0].brickname
    if brickname is None or not is_brick_name(brickname):
        message = f"{brickname!r} is no brick name (like 0001m002)"
        return [_refused(obj, "bad_brick_name", message) for obj in objects]
    folder = BrickFolder(coadds, brickname)
    files = [CoaddFile(brickname, IMAGE, band) for band in settings.bands]
    records = fetch_files(folder, files, plan)
    source = records[files[0].name].source or ""
    try:
        images = [_image(folder, file, records) for file in files]
        found = _cut(objects, images, settings)
    except (FileRefused, FitsError) as error:
        found = [_refused(obj, error.reason_code, str(error)) for obj in objects]
    return [replace(cutout, source=source) for cutout in found]


def _refused(obj: SkyObject, reason_code: str, message: str) -> Cutout:
    """Return the outcome of an object that cannot be cut out."""
    return Cutout(obj, source="", reason_code=reason_code, message=message)


def _image(folder: BrickFolder, file: CoaddFile, records: Mapping[str, FileRecord]) -> TiledImage:
    """Open the image of a band; refuse a file that did not arrive."""
    record = records[file.name]
    if not record.is_ok:
        raise FileRefused(str(record.reason_code), f"{file.name}: {record.message}")
    return open_images(folder.file(file.name))[0]


def _cut(
    objects: Sequence[SkyObject], images: Sequence[TiledImage], settings: CutoutSettings
) -> list[Cutout]:
    """Cut all objects of a brick out of its images."""
    ra, dec = (np.array([getattr(obj, name) for obj in objects]) for name in ("ra", "dec"))
    x, y = pixel_from_sky(wcs_from_cards(images[0].hdu.cards), ra, dec)
    # a position far off the brick may be too large for an integer
    on_brick = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < 1e6) & (np.abs(y) < 1e6)
    x, y = np.where(on_brick, x, -1e6), np.where(on_brick, y, -1e6)
    corners = np.stack([stamp_corner(v, settings.size) for v in (x, y)], axis=1)
    sides = np.array(images[0].shape[::-1])
    inside = np.all((corners >= 0) & (corners + settings.size <= sides), axis=1)
    pixels = np.stack([cut_squares(image, corners[inside], settings.size) for image in images], 1)
    cut = iter(pixels)
    return [
        _cutout(obj, next(cut), (px, py), corner, images[0])
        if is_inside
        else _refused(obj, *_why_not(obj, settings.size))
        for obj, px, py, corner, is_inside in zip(objects, x, y, corners, inside, strict=True)
    ]


def _why_not(obj: SkyObject, size: int) -> tuple[str, str]:
    """Return the reason code and message of an object off the brick."""
    if not (np.isfinite(obj.ra) and np.isfinite(obj.dec)):
        return "missing_coordinates", f"position {obj.ra}, {obj.dec}"
    return "off_brick", f"{size} pixels around {obj.ra}, {obj.dec} are not all in {obj.brickname}"


def _cutout(
    obj: SkyObject,
    pixels: np.ndarray,
    position: tuple[float, float],
    corner: np.ndarray,
    image: TiledImage,
) -> Cutout:
    """Return a cutout with its pixels and where they come from."""
    cards = image.hdu.cards
    return Cutout(
        obj,
        source="",
        pixels=pixels,
        x_pix=float(position[0]),
        y_pix=float(position[1]),
        x0_pix=int(corner[0]),
        y0_pix=int(corner[1]),
        release=_text(cards.get("DRVERSIO")),
        pipeline=_text(cards.get("LEGPIPEV")),
    )


def _text(value: object) -> str | None:
    """Return a header value as text, None if it is missing."""
    return None if value is None else str(value)
