"""Inject all renders of one brick: rows in, metric rows and stamps out.

This is the function that any engine maps over bricks; it reads the brick's files and writes
nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from injection.brick_files import Brick, open_brick
from injection.hosts import HostPixels, Places, covered_fraction, cut_hosts, places, psf_widths
from injection.rows import brick_failed_rows, metric_rows
from injection.settings import StageSettings
from pixels.cards import FitsError
from pixels.wcs import pixel_from_sky, position_angle_deg
from udfs.batch.blind import blind_detection, search_size
from udfs.batch.inject import inject_batch, metrics_schema
from udfs.batch.records import Injected, Pixels, Settings

# What bounds the memory of a worker: canvases of 96 pixels take 260 kB for a host and as much for a
# render of a batch. A brick with more of them has its tiles decoded once per group.
HOSTS_AT_ONCE = 1024
RENDERS_PER_BATCH = 256


@dataclass(frozen=True)
class Hosts:
    """The distinct galaxies of a brick's renders.

    They come with all that the renders of one galaxy share.

    Parameters
    ----------
    spot : Places
    pixels : HostPixels
    covered : dict of size to (n, n_band) float
    psf_fwhm_arcsec : (n, n_band) float
    psf_source : (n, n_band) object
    """

    spot: Places
    pixels: HostPixels
    covered: dict[int, np.ndarray]
    psf_fwhm_arcsec: np.ndarray
    psf_source: np.ndarray


@dataclass(frozen=True)
class BrickBatch:
    """Some renders of a brick, done.

    Parameters
    ----------
    renders : polars.DataFrame
        Rows as they came in.
    rows : polars.DataFrame
        One row per render and stamp size, render by render, the sizes in the settings' order.
    stamps : dict of size to (n, n_band, size, size) float32, nanomaggy
        Empty when no stamp can be made of these renders.
    """

    renders: pl.DataFrame
    rows: pl.DataFrame
    stamps: dict[int, np.ndarray]


def inject_brick(renders: pl.DataFrame, settings: StageSettings) -> Iterator[BrickBatch]:
    """Inject the renders of one brick, in batches.

    Parameters
    ----------
    renders : polars.DataFrame
        One row per render of one brick and one bandset, with the truth columns of the tasks.
    settings : StageSettings

    Yields
    ------
    BrickBatch
        Every render is in exactly one of them, whatever went wrong.
    """
    settings = settings.for_bandset(renders["bandset"][0])
    bands, name = settings.kernel.bands, renders["brickname"][0]
    try:
        brick = open_brick(settings.coadds, name, bands, settings.use_psfsize_maps)
    except FitsError as error:
        yield BrickBatch(renders, brick_failed_rows(renders, error, settings), {})
        return
    for sharing in _renders_by_host(renders):
        yield from _inject_hosts(sharing, brick, settings)


def _renders_by_host(renders: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield groups of renders whose hosts are cut together.

    A group has at most `HOSTS_AT_ONCE` hosts, taken in the order of their right ascension, so that
    two groups share few tiles.
    """
    _, _, host_of_render = _distinct_hosts(renders)
    group = host_of_render // HOSTS_AT_ONCE
    for number in range(int(group.max()) + 1):
        (index,) = np.nonzero(group == number)
        yield renders[index]


def _distinct_hosts(renders: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the distinct hosts of some renders.

    Parameters
    ----------
    renders : polars.DataFrame
        n rows with ``ra`` and ``dec``, degree.

    Returns
    -------
    (n_host, 2) float, degree
        Right ascension and declination of each host.
    (n_host,) int
        The first render of each host.
    (n,) int
        The host of each render.
    """
    positions = renders.select("ra", "dec").cast(pl.Float64).to_numpy()
    sky, first, host = np.unique(positions, axis=0, return_index=True, return_inverse=True)
    return sky, first, host.ravel()


def _inject_hosts(
    renders: pl.DataFrame, brick: Brick, settings: StageSettings
) -> Iterator[BrickBatch]:
    """Inject the renders of some hosts, in batches.

    Renders of which no stamp can be made come first.
    """
    hosts, host_of_render = _hosts(renders, brick, settings)
    usable = _is_usable(hosts)[host_of_render]
    for is_usable, function in ((False, _unusable_batch), (True, _injected_batch)):
        (chosen,) = np.nonzero(usable == is_usable)
        for start in range(0, len(chosen), RENDERS_PER_BATCH):
            index = chosen[start : start + RENDERS_PER_BATCH]
            yield function(renders[index], hosts, host_of_render[index], brick, settings)


def _hosts(
    renders: pl.DataFrame, brick: Brick, settings: StageSettings
) -> tuple[Hosts, np.ndarray]:
    """Cut the hosts of some renders; return also the host of each render."""
    kernel = settings.kernel
    sky, first, host_of_render = _distinct_hosts(renders)
    spot = places(*pixel_from_sky(brick.wcs, sky[:, 0], sky[:, 1]), brick.shape, kernel)
    pixels = cut_hosts(brick, spot.corner, kernel)
    covered = {
        size: covered_fraction(pixels.invvar, spot.corner, corner, size)
        for size, corner in spot.stamp_corners.items()
    }
    widths, sources = psf_widths(brick, spot, _psf_of_tasks(renders[first], kernel), kernel)
    return Hosts(spot, pixels, covered, widths, sources), host_of_render


def _is_usable(hosts: Hosts) -> np.ndarray:
    """Return which hosts allow at least one stamp."""
    is_whole = [
        hosts.spot.is_inside[size] & (covered > 0).all(axis=1)
        for size, covered in hosts.covered.items()
    ]
    is_read = np.array([failure is None for failure in hosts.pixels.failures])
    return np.any(is_whole, axis=0) & is_read


def _psf_of_tasks(hosts: pl.DataFrame, kernel: Settings) -> np.ndarray:
    """Return the PSF widths that the tasks state.

    Returns
    -------
    (n, n_band) float, arcsec
        NaN where a task states none.
    """
    names = [f"psfsize_{band}" for band in kernel.bands]
    absent = [pl.lit(None).alias(name) for name in names if name not in hosts.columns]
    stated = hosts.with_columns(absent).select(pl.col(names).cast(pl.Float64))
    return stated.fill_null(float("nan")).to_numpy()


def _gains(renders: pl.DataFrame, settings: StageSettings) -> np.ndarray:
    """Return the gain of the coadd: that of one visit times the exposures.

    Returns
    -------
    (n, n_band) float, electron / nanomaggy
    """
    gains = np.empty((len(renders), len(settings.kernel.bands)))
    for index, band in enumerate(settings.kernel.bands):
        n_exposures = np.full(len(renders), settings.n_exposures[band])
        if (name := f"nexp_{band}") in renders.columns:
            stated = renders[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            n_exposures = np.where(stated >= 1, stated, n_exposures)
        gains[:, index] = settings.gain_single_visit_e_per_nmgy[band] * n_exposures
    return gains


def _unusable_batch(
    renders: pl.DataFrame, hosts: Hosts, host: np.ndarray, brick: Brick, settings: StageSettings
) -> BrickBatch:
    """Return the rows of renders of which no stamp can be made."""
    facts = _facts(renders, hosts, host, brick, settings)
    nothing = pl.DataFrame(metrics_schema(settings.kernel).empty_table())
    return BrickBatch(renders, metric_rows(renders, facts, nothing, settings), {})


def _injected_batch(
    renders: pl.DataFrame, hosts: Hosts, host: np.ndarray, brick: Brick, settings: StageSettings
) -> BrickBatch:
    """Inject renders into their hosts' pixels."""
    spot, cut = hosts.spot, hosts.pixels
    facts = _facts(renders, hosts, host, brick, settings)
    tasks = renders.drop("experiments").with_columns(
        lens_x_pix=spot.x_pix[host] - spot.corner[host, 0],
        lens_y_pix=spot.y_pix[host] - spot.corner[host, 1],
        canvas_x0=spot.corner[host, 0],
        canvas_y0=spot.corner[host, 1],
    )
    gains = facts.select(f"gain_used_{band}_e_per_nmgy" for band in settings.kernel.bands)
    pixels = Pixels(
        image=cut.image,
        invvar=cut.invvar,
        maskbits=cut.maskbits,
        psf_fwhm_arcsec=hosts.psf_fwhm_arcsec[host],
        gain_e_per_nmgy=gains.to_numpy(),
        host=host,
    )
    (batch,) = tasks.rechunk().to_arrow().to_batches()
    injected = inject_batch(batch, pixels, replace(settings.kernel, returns_invvar=True))
    measured = pl.DataFrame(injected.metrics).with_columns(
        _blind_columns(injected, pixels.psf_fwhm_arcsec, settings.kernel)
    )
    rows = metric_rows(renders, facts, measured, settings)
    return BrickBatch(renders, rows, injected.stamps)


def _blind_columns(
    injected: Injected, psf_fwhm_arcsec: np.ndarray, kernel: Settings
) -> list[pl.Series]:
    """Return what a search of the pixels alone finds.

    One value per render and stamp size, render by render, the sizes in the settings' order.
    """
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for size in kernel.stamp_sizes:
        searched = search_size(size, kernel.pixel_scale_arcsec)
        if searched not in found:  # stamps of different sizes share their centre
            found[searched] = blind_detection(
                injected.stamps[size],
                injected.invvar[size],
                psf_fwhm_arcsec,
                kernel.pixel_scale_arcsec,
            )
    searches = [search_size(size, kernel.pixel_scale_arcsec) for size in kernel.stamp_sizes]
    snr, extent = (np.stack([found[side][k] for side in searches], axis=1).ravel() for k in (0, 1))
    return [pl.Series("blind_snr", snr), pl.Series("blind_tangential_extent_rad", extent)]


def _facts(
    renders: pl.DataFrame, hosts: Hosts, host: np.ndarray, brick: Brick, settings: StageSettings
) -> pl.DataFrame:
    """Return what is known of each render before it is injected.

    Columns that depend on the stamp size end in its number.
    """
    kernel, spot = settings.kernel, hosts.spot
    x, y = spot.x_pix[host], spot.y_pix[host]
    phi = renders["lens_phi_rad"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    failures = [hosts.pixels.failures[index] for index in host.tolist()]
    columns: dict[str, object] = {
        "x_pix": x,
        "y_pix": y,
        "lens_pa_deg": position_angle_deg(brick.wcs, x, y, phi),
        "has_maskbits": np.full(len(renders), brick.maskbits is not None),
        "failure_code": [failure and failure.reason_code for failure in failures],
        "failure_detail": [failure and str(failure) for failure in failures],
    }
    gains = _gains(renders, settings)
    for index, band in enumerate(kernel.bands):
        columns[f"gain_used_{band}_e_per_nmgy"] = gains[:, index]
        columns[f"psf_fwhm_used_{band}"] = hosts.psf_fwhm_arcsec[host, index]
        columns[f"psf_source_{band}"] = hosts.psf_source[host, index].tolist()
    for size in kernel.stamp_sizes:
        columns[f"stamp_x0_{size}"] = spot.stamp_corners[size][host, 0]
        columns[f"stamp_y0_{size}"] = spot.stamp_corners[size][host, 1]
        columns[f"is_inside_{size}"] = spot.is_inside[size][host]
        for index, band in enumerate(kernel.bands):
            columns[f"covered_frac_{band}_{size}"] = hosts.covered[size][host, index]
    return pl.DataFrame(columns, strict=False)
