"""The survey's files of a coadd brick: their names and checks."""

from dataclasses import dataclass
from pathlib import Path

from ingest.survey import COADD_FOLDER
from pixels.cards import Hdu, map_file, read_hdus
from pixels.image import TiledImage, open_images
from store.failures import FileRefused
from store.survey_files import BRICK_CARDS, brick_path, coadd_checksum_list, coadd_name

IMAGE, INVVAR, MASKBITS, PSFSIZE = "image", "invvar", "maskbits", "psfsize"
BRICK_SIDE = 3600  # pixels; coadds of DR10 and of the releases before it
TILE_SIDE = 100  # pixels of a compression tile
FITS_START = b"SIMPLE  ="


@dataclass(frozen=True)
class CoaddFile:
    """One file of a brick.

    Parameters
    ----------
    brickname : str
    product : str
        image, invvar, maskbits or psfsize.
    band : str or None
        None for maskbits, which covers all bands.
    """

    brickname: str
    product: str
    band: str | None

    @property
    def name(self) -> str:
        """Return the survey's own file name."""
        return coadd_name(self.brickname, self.product, self.band)

    @property
    def path(self) -> str:
        """Return the path in the survey's tree."""
        return f"{COADD_FOLDER}/{brick_path(self.brickname)}/{self.name}"


def files_of_brick(brickname: str, bands: str, *, with_psfsize: bool = True) -> list[CoaddFile]:
    """Return the files that a brick must have for the given bands."""
    products = (IMAGE, INVVAR, PSFSIZE) if with_psfsize else (IMAGE, INVVAR)
    in_bands = [CoaddFile(brickname, product, band) for product in products for band in bands]
    return [*in_bands, CoaddFile(brickname, MASKBITS, None)]


def checksum_list_path(brickname: str) -> str:
    """Return where a brick's list of checksums is in the survey's tree."""
    return f"{COADD_FOLDER}/{brick_path(brickname)}/{coadd_checksum_list(brickname)}"


def check_structure(path: Path, file: CoaddFile) -> None:
    """Refuse a file whose content does not fit its name.

    The length, every header-data unit, the tile table, the geometry and the brick named in the
    header are checked; pixels are not decoded.

    Raises
    ------
    FileRefused, FitsError
    """
    with path.open("rb") as opened:
        start = opened.read(len(FITS_START))
    if start and start != FITS_START:  # an error page has any length, so this comes first
        raise FileRefused("not_fits", f"not FITS: it begins with {start!r}")
    hdus = read_hdus(map_file(path))
    if hdus[0].integer("NAXIS") != 0:
        raise FileRefused("wrong_structure", "the first header-data unit is not empty")
    check_images(open_images(path), hdus, file)


def check_images(images: list[TiledImage], hdus: list[Hdu], file: CoaddFile) -> None:
    """Refuse images of another shape, of other tiles or of another brick."""
    for image in images:
        sides = {*image.shape, *image.tile_shape}
        if sides != {BRICK_SIDE, TILE_SIDE} or image.tile_shape != (TILE_SIDE, TILE_SIDE):
            raise FileRefused(
                "wrong_structure",
                f"{image.shape} pixels in tiles of {image.tile_shape}, expected "
                f"{BRICK_SIDE} x {BRICK_SIDE} in {TILE_SIDE} x {TILE_SIDE}",
            )
    stated = {hdu.text(card) for hdu in hdus for card in BRICK_CARDS} - {""}
    if stated != {file.brickname}:
        raise FileRefused(
            "wrong_brick", f"the header names brick {sorted(stated)}, not {file.brickname}"
        )
    kind = images[0].hdu.text("IMTYPE")
    if kind not in ("", file.product):
        raise FileRefused("wrong_structure", f"the file holds {kind!r}, not {file.product!r}")
