"""What the stage is compared with: loops that read bricks by astropy and by fitsio.

Both render with the stage's own kernel, all renders of a brick in one call, and write plain arrays:
only reading and cutting differ.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fitsio
import numpy as np
import polars as pl
from astropy.io import fits
from astropy.wcs import WCS

from injection.settings import StageSettings
from store.survey_files import coadd_name
from udfs.batch.inject import inject_batch
from udfs.batch.records import Pixels
from udfs.batch.stamps import stamp_corner

BANDS = ("g", "r", "z")
Layers = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # image, invvar, maskbits, psfsize


def _path(coadds: str, brickname: str, product: str) -> Path:
    folder = Path(coadds) / brickname[:3] / brickname
    return folder / coadd_name(brickname, product)


def astropy_layers(coadds: str, brickname: str, x: np.ndarray, y: np.ndarray, size: int) -> Layers:
    """Canvases round hosts, out of whole images."""

    def whole(product: str) -> np.ndarray:
        with fits.open(_path(coadds, brickname, product)) as hdus:
            return hdus[1].data

    def squares(image: np.ndarray) -> np.ndarray:
        corners = zip(stamp_corner(x, size), stamp_corner(y, size), strict=True)
        return np.stack([image[y0 : y0 + size, x0 : x0 + size] for x0, y0 in corners])

    image, invvar = (
        np.stack([squares(whole(f"{product}-{band}")) for band in BANDS], axis=1)
        for product in ("image", "invvar")
    )
    row, column = np.floor(y + 0.5).astype(int), np.floor(x + 0.5).astype(int)
    psf = np.stack([whole(f"psfsize-{band}")[row, column] for band in BANDS], axis=1)
    return image, invvar, squares(whole("maskbits")), psf


def fitsio_layers(coadds: str, brickname: str, x: np.ndarray, y: np.ndarray, size: int) -> Layers:
    """Canvases round hosts, one slice of the compressed image each."""

    def squares(product: str, corner_x: np.ndarray, corner_y: np.ndarray, side: int) -> np.ndarray:
        with fitsio.FITS(_path(coadds, brickname, product)) as hdus:
            image = hdus[1]
            corners = zip(corner_x.tolist(), corner_y.tolist(), strict=True)
            return np.stack([image[y0 : y0 + side, x0 : x0 + side] for x0, y0 in corners])

    corner = stamp_corner(x, size), stamp_corner(y, size), size
    image, invvar = (
        np.stack([squares(f"{product}-{band}", *corner) for band in BANDS], axis=1)
        for product in ("image", "invvar")
    )
    point = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int), 1
    psf = np.stack([squares(f"psfsize-{band}", *point)[:, 0, 0] for band in BANDS], axis=1)
    return image, invvar, squares("maskbits", *corner), psf


def run_loop(
    renders: pl.DataFrame,
    settings: StageSettings,
    layers: Callable[..., Layers],
    folder: Path,
) -> dict[int, list[np.ndarray]]:
    """Inject all renders brick by brick and save their stamps; returns them, by size."""
    stamps: dict[int, list[np.ndarray]] = {size: [] for size in settings.kernel.stamp_sizes}
    for brick in renders.partition_by("brickname", maintain_order=True):
        injected = _inject(brick, settings, layers)
        for size, pixels in injected.items():
            np.save(folder / f"{brick['brickname'][0]}-{size}.npy", pixels)
            stamps[size] += list(pixels)
    return stamps


def _inject(
    renders: pl.DataFrame, settings: StageSettings, layers: Callable[..., Layers]
) -> dict[int, np.ndarray]:
    brickname, size = renders["brickname"][0], settings.kernel.canvas_size
    hosts = renders.unique(["ra", "dec"], maintain_order=True)
    header = fits.getheader(_path(settings.coadds, brickname, "image-g"), 1)
    x, y = WCS(header).all_world2pix(hosts["ra"].to_numpy(), hosts["dec"].to_numpy(), 0)
    image, invvar, maskbits, psf = layers(settings.coadds, brickname, x, y, size)
    keys = list(hosts.select("ra", "dec").iter_rows())
    host = np.array([keys.index(key) for key in renders.select("ra", "dec").iter_rows()])
    single_visit, n_visits = settings.gain_single_visit_e_per_nmgy, settings.n_exposures
    gain = [single_visit[band] * n_visits[band] for band in BANDS]
    pixels = Pixels(
        image=image.astype(np.float32),
        invvar=np.maximum(invvar, 0).astype(np.float32),
        maskbits=maskbits.astype(np.int32),
        psf_fwhm_arcsec=psf[host].astype(float),
        gain_e_per_nmgy=np.tile(gain, (len(host), 1)).astype(float),
        host=host,
    )
    corner = stamp_corner(x, size), stamp_corner(y, size)
    tasks = renders.drop("experiments").with_columns(
        lens_x_pix=(x - corner[0])[host],
        lens_y_pix=(y - corner[1])[host],
        canvas_x0=corner[0][host],
        canvas_y0=corner[1][host],
    )
    (batch,) = tasks.rechunk().to_arrow().to_batches()
    return inject_batch(batch, pixels, replace(settings.kernel, returns_invvar=False)).stamps
