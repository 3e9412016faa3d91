"""Tile-compressed images of a FITS file, their headers checked.

FITS 4.0, section 10.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pixels.cards import FitsError, Hdu, map_file, read_hdus
from pixels.tile_table import TileTable, tile_table

RICE, GZIP, HCOMPRESS = "RICE", "GZIP", "HCOMPRESS"
ALGORITHMS = {"RICE_1": RICE, "RICE_ONE": RICE, "GZIP_1": GZIP, "HCOMPRESS_1": HCOMPRESS}
DITHERS = ("NONE", "NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2")
DTYPES = {8: np.uint8, 16: np.int16, 32: np.int32, -32: np.float32}
# int8, uint16 and uint32, which FITS stores as the other sign with an offset (BZERO; FITS 4.0, table
# 11): the next larger type that the kernels know holds their values
OTHER_SIGN = {(8, -(2**7)): np.int16, (16, 2**15): np.int32, (32, 2**31): np.int64}
PIXEL_TYPES = tuple(dict.fromkeys((*DTYPES.values(), *OTHER_SIGN.values())))
MAX_SIDE = 100_000  # pixels of an image
MAX_TILE_VALUES = 4_000_000


@dataclass(frozen=True, eq=False)
class TiledImage:
    """One tile-compressed image of a mapped file.

    Parameters
    ----------
    name : str
        For messages: file, and number of the HDU.
    hdu : Hdu
    data : (n,) uint8
        The whole file.
    shape, tile_shape : (int, int), (y, x) pixels
    dtype : dtype of the pixels
    offset : int
        BZERO: what is added to stored integers, for the types that FITS does not have.
    algorithm : str
        `RICE`, `GZIP` or `HCOMPRESS`.
    dither : str
        ZQUANTIZ, one of `DITHERS`.
    block_size : int
        Values in a block of the Rice code.
    table : TileTable
    memo : dict
        Tiles decoded before, by their bytes: masks and PSF maps repeat a few tiles many times.
    """

    name: str
    hdu: Hdu
    data: np.ndarray
    shape: tuple[int, int]
    tile_shape: tuple[int, int]
    dtype: np.dtype
    offset: int
    algorithm: str
    dither: str
    block_size: int
    table: TileTable
    memo: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict)

    @property
    def n_tiles_x(self) -> int:
        """Return the number of tiles in a row of tiles."""
        return -(-self.shape[1] // self.tile_shape[1])

    def extent(self, number: int) -> tuple[int, int]:
        """Return height and width of a tile, smaller at the border."""
        row, column = divmod(number, self.n_tiles_x)
        return (
            min(self.tile_shape[0], self.shape[0] - row * self.tile_shape[0]),
            min(self.tile_shape[1], self.shape[1] - column * self.tile_shape[1]),
        )

    def bad_tile(self, number: int, what: str) -> FitsError:
        """Make the error that a tile cannot be decoded."""
        return FitsError("bad_tile", f"{self.name}: tile {number}: {what}")


def open_images(path: Path) -> list[TiledImage]:
    """Open the compressed images of a file, in its order.

    Raises
    ------
    FitsError
    """
    data = map_file(path)
    images = []
    for number, hdu in enumerate(read_hdus(data)):
        if hdu.cards.get("ZIMAGE") is True:
            images.append(_image(f"{path.name}[{number}]", data, hdu))
    if not images:
        raise FitsError("bad_header", f"{path.name} holds no compressed image")
    return images


def _image(name: str, data: np.ndarray, hdu: Hdu) -> TiledImage:
    """Open the image of one HDU, its header checked."""
    algorithm = ALGORITHMS.get(hdu.text("ZCMPTYPE"))
    dither = hdu.text("ZQUANTIZ", "NO_DITHER")
    dtype, offset = _pixel_type(name, hdu)
    if algorithm is None or dither not in DITHERS or dtype is None:
        raise FitsError(
            "unknown_compression",
            f"{name}: {hdu.text('ZCMPTYPE')!r}, {dither}, ZBITPIX {hdu.integer('ZBITPIX')}",
        )
    if hdu.integer("ZNAXIS") != 2:
        raise FitsError("bad_header", f"{name}: {hdu.integer('ZNAXIS')} axes, not 2")
    shape = (hdu.integer("ZNAXIS2"), hdu.integer("ZNAXIS1"))
    tile_shape = (hdu.integer("ZTILE2", 1), hdu.integer("ZTILE1", shape[1]))
    if not all(0 < side <= MAX_SIDE for side in (*shape, *tile_shape)):
        raise FitsError("bad_header", f"{name}: {shape} pixels in tiles of {tile_shape}")
    if tile_shape[0] * tile_shape[1] > MAX_TILE_VALUES:
        raise FitsError("bad_header", f"{name}: tiles of {tile_shape} pixels")
    if algorithm == RICE and _setting(hdu, "BYTEPIX", 4) != 4:
        raise FitsError("unknown_compression", f"{name}: Rice of other than 32-bit values")
    n_tiles = -(-shape[0] // tile_shape[0]) * -(-shape[1] // tile_shape[1])
    block_size = _setting(hdu, "BLOCKSIZE", 32)
    if not 0 < block_size <= MAX_TILE_VALUES:
        raise FitsError("bad_header", f"{name}: Rice blocks of {block_size}")
    table = tile_table(name, data, hdu, n_tiles)
    if dtype is np.float32 and table.scaling is None and _needs_scaling(hdu, algorithm, table):
        raise FitsError("bad_header", f"{name}: floats without a ZSCALE and ZZERO that can be read")
    return TiledImage(
        name=name,
        hdu=hdu,
        data=data,
        shape=shape,
        tile_shape=tile_shape,
        dtype=np.dtype(dtype),
        offset=offset,
        algorithm=algorithm,
        dither=dither,
        block_size=block_size,
        table=table,
    )


def _pixel_type(name: str, hdu: Hdu) -> tuple[type | None, int]:
    """Return the type of pixels and what is added to stored integers.

    Raises
    ------
    FitsError
        ``unknown_compression`` where the header scales pixels in a way that is not applied here.
    """
    bitpix = hdu.integer("ZBITPIX")
    scale, zero = hdu.cards.get("BSCALE", 1), hdu.cards.get("BZERO", 0)
    is_unscaled = scale == 1 and zero == 0
    other = OTHER_SIGN.get((bitpix, int(zero))) if isinstance(zero, int | float) else None
    if not is_unscaled and not (other and scale == 1 and zero == int(zero)):
        raise FitsError(
            "unknown_compression",
            f"{name}: pixels scaled by BSCALE {scale!r} and BZERO {zero!r} are not read",
        )
    if bitpix > 0 and ("BLANK" in hdu.cards or "ZBLANK" in hdu.cards):
        raise FitsError("unknown_compression", f"{name}: integers with blank pixels are not read")
    return (DTYPES.get(bitpix), 0) if is_unscaled else (other, int(zero))


def _needs_scaling(hdu: Hdu, algorithm: str, table: TileTable) -> bool:
    """Return whether tiles of floats hold quantised levels.

    GZIP can pack the floats themselves, the others cannot.
    """
    if algorithm != GZIP:
        return bool((table.spans[:, 1] > 0).any())
    labels = {hdu.text(f"TTYPE{number}") for number in range(1, hdu.integer("TFIELDS") + 1)}
    return not labels.union(hdu.cards).isdisjoint({"ZSCALE", "ZZERO"})


def _setting(hdu: Hdu, name: str, default: int) -> int:
    """Read a setting of the compression from its pair of cards.

    ZNAMEn and ZVALn.
    """
    for number in range(1, 10):
        if hdu.text(f"ZNAME{number}") == name:
            return hdu.integer(f"ZVAL{number}")
    return default
