"""The files of one brick, opened once.

Which images there are, and whether they belong together.
"""

from dataclasses import dataclass
from pathlib import Path

from pixels.cards import FitsError
from pixels.read_ahead import read_heads_ahead
from pixels.tiles import TiledImage, open_images
from pixels.wcs import BrickWcs, wcs_from_cards
from store.survey_files import BRICK_CARDS, brick_path, coadd_name, is_brick_name


@dataclass(frozen=True)
class Brick:
    """The images of a brick.

    Parameters
    ----------
    name : str
    shape : (int, int), (y, x) pixels
    wcs : BrickWcs
    image, invvar : dict of band to TiledImage
    psfsize : dict of band to TiledImage
        Bands whose map is there.
    maskbits : TiledImage or None
    """

    name: str
    shape: tuple[int, int]
    wcs: BrickWcs
    image: dict[str, TiledImage]
    invvar: dict[str, TiledImage]
    psfsize: dict[str, TiledImage]
    maskbits: TiledImage | None


def brick_folder(coadds: str, brickname: str) -> Path:
    """Return the folder of a brick in the cache.

    Raises
    ------
    FitsError
        ``bad_brick_name`` for a name that is not of the form 0012p345, which must not become a path.
    """
    if not is_brick_name(brickname):
        raise FitsError("bad_brick_name", f"{brickname!r} is no name of a brick")
    return Path(coadds) / brick_path(brickname)


def open_brick(
    coadds: str, brickname: str, bands: tuple[str, ...], use_psfsize_maps: bool
) -> Brick:
    """Open the files of a brick.

    Image and invvar of every band are needed; maskbits and psfsize may be absent.

    Raises
    ------
    FitsError
        When a file that is needed is absent or broken, or is of another brick.
    """
    folder = brick_folder(coadds, brickname)
    kinds = ("image", "invvar", "psfsize") if use_psfsize_maps else ("image", "invvar")
    products = [f"{kind}-{band}" for kind in kinds for band in bands]
    read_heads_ahead(folder / coadd_name(brickname, name) for name in (*products, "maskbits"))
    image = {band: _open(folder, brickname, f"image-{band}") for band in bands}
    invvar = {band: _open(folder, brickname, f"invvar-{band}") for band in bands}
    maps = bands if use_psfsize_maps else ()
    psfsize = {band: _open_optional(folder, brickname, f"psfsize-{band}") for band in maps}
    maskbits = _open_optional(folder, brickname, "maskbits")
    brick = Brick(
        name=brickname,
        shape=image[bands[0]].shape,
        wcs=wcs_from_cards(image[bands[0]].hdu.cards),
        image=image,
        invvar=invvar,
        psfsize={band: layer for band, layer in psfsize.items() if layer is not None},
        maskbits=maskbits,
    )
    _check_shapes(brick)
    return brick


def _open(folder: Path, brickname: str, product: str) -> TiledImage:
    """Open the first image of a file; check that it is what it should be."""
    image = open_images(folder / coadd_name(brickname, product))[0]
    stated = next((image.hdu.text(card) for card in BRICK_CARDS if image.hdu.text(card)), brickname)
    if stated != brickname:
        raise FitsError("wrong_brick", f"{image.name} is of brick {stated}")
    kind = image.hdu.text("IMTYPE")
    if kind and kind != product.split("-", maxsplit=1)[0]:
        raise FitsError("bad_header", f"{image.name} holds {kind!r}")
    return image


def _open_optional(folder: Path, brickname: str, product: str) -> TiledImage | None:
    """Open an image as `_open` does; None if the file is not there."""
    try:
        return _open(folder, brickname, product)
    except FitsError as error:
        if error.reason_code == "file_missing":
            return None
        raise


def _check_shapes(brick: Brick) -> None:
    """Refuse a brick whose images differ in shape."""
    layers = [*brick.image.values(), *brick.invvar.values(), *brick.psfsize.values()]
    if brick.maskbits is not None:
        layers.append(brick.maskbits)
    for layer in layers:
        if layer.shape != brick.shape:
            raise FitsError("bad_header", f"{layer.name}: {layer.shape} pixels, not {brick.shape}")
