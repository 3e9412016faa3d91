"""Paint lensed arcs into real pixels and measure what was painted."""

import numpy as np
import pyarrow as pa

from udfs.batch import error_budget, plausibility, reasons
from udfs.batch.records import COLOUR_OF_BAND, Injected, Pixels, Settings
from udfs.batch.stamps import offset_in_canvas
from udfs.core.arguments import Batch, Choices, Results
from udfs.core.loop import inject_all, room_of_thread
from udfs.core.mixture import mixture
from udfs.core.system import SRC_Q, B
from udfs.light.extinction import transmission
from udfs.light.noise import noise_key
from udfs.light.photometry import flux_from_magnitude
from udfs.light.sersic import b_n, central_brightness, light_radius

NUMBERS = (
    "theta_e_arcsec", "lens_e", "lens_phi_rad", "shear", "shear_phi_rad", "src_x_arcsec",
    "src_y_arcsec", "src_r_mag", "src_gr", "src_rz", "src_reff_arcsec", "src_e", "src_phi_rad",
    "src_n", "ebv", "lens_x_pix", "lens_y_pix",
)  # fmt: skip
OTHERS = ("render_id", "is_control", "src_mag_frame", "canvas_x0", "canvas_y0")


def inject_batch(tasks: pa.RecordBatch, pixels: Pixels, settings: Settings) -> Injected:
    """Inject every render of a batch and measure it on every stamp size.

    A render that cannot be injected gets a reason code, null metrics and the host's own pixels; so
    does a control, without the reason. Rows depend on their own task and pixels alone, not on the
    batch or the order.

    Parameters
    ----------
    tasks : RecordBatch of n rows
        One row per render with the columns `NUMBERS` and `OTHERS`. `lens_x_pix` and `lens_y_pix`
        are the host's position in the canvas, counted from 0; `canvas_x0` and `canvas_y0` the
        canvas' first column and row in the brick.
    pixels : Pixels
        Not changed.
    settings : Settings

    Returns
    -------
    Injected

    Raises
    ------
    ValueError
        For missing columns, or pixels whose shapes do not fit the tasks and the settings.
    """
    _check_batch(tasks, pixels, settings)
    columns = task_columns(tasks)
    is_control = np.asarray(tasks["is_control"].to_numpy(zero_copy_only=False), bool)
    reason = reasons.first_reason(columns, is_control, pixels, settings)
    batch = _batch(tasks, columns, (reason == None) & ~is_control, pixels, settings)  # noqa: E711
    results = _empty_results(tasks.num_rows, settings)
    room = room_of_thread(settings.canvas_size, len(settings.bands))
    inject_all(batch, _choices(settings), room, results)
    reason[~results.is_finite] = reasons.BAD_PIXELS
    return Injected(
        _metrics(tasks["render_id"], columns, reason, batch, results, pixels, settings),
        crops(results.image, batch.corner, settings),
        crops(results.lowered_invvar, batch.corner, settings) if settings.returns_invvar else {},
    )


def metrics_schema(settings: Settings) -> pa.Schema:
    """Return the columns of `Injected.metrics`."""
    floats = ["arc_snr", "arc_snr_matched"]
    floats += [f"arc_snr_matched_{band}" for band in settings.bands]
    floats += [f"total_injected_flux_{band}_nmgy" for band in settings.bands]
    floats += ["magnification", "flux_closure", "stamp_flux_frac"]
    floats += ["bad_pixel_frac", "wise_brightmask_frac"]
    return pa.schema(
        [("render_id", pa.string()), ("stamp_size", pa.int32())]
        + [(name, pa.float64()) for name in floats]
        + [("flux_error_flag", pa.bool_()), ("physics_valid", pa.bool_())]
        + [("physics_warnings", pa.string()), ("reason_code", pa.string())]
    )


def _check_batch(tasks: pa.RecordBatch, pixels: Pixels, settings: Settings) -> None:
    """Refuse missing columns and shapes that do not fit each other."""
    if missing := [name for name in NUMBERS + OTHERS if name not in tasks.schema.names]:
        raise ValueError(f"tasks lack the column {missing[0]!r}")
    size, n, n_band = settings.canvas_size, tasks.num_rows, len(settings.bands)
    n_host = n if pixels.host is None else len(pixels.image)
    shapes = {
        "image": (pixels.image, (n_host, n_band, size, size)),
        "invvar": (pixels.invvar, (n_host, n_band, size, size)),
        "psf_fwhm_arcsec": (pixels.psf_fwhm_arcsec, (n, n_band)),
        "gain_e_per_nmgy": (pixels.gain_e_per_nmgy, (n, n_band)),
    }
    if pixels.maskbits is not None:
        shapes["maskbits"] = (pixels.maskbits, (n_host, size, size))
    if pixels.host is not None:
        shapes["host"] = (pixels.host, (n,))
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    canvas = pixels.canvas_of(n)
    if n > 0 and not 0 <= canvas.min() <= canvas.max() < n_host:
        raise ValueError(f"host must number the {n_host} canvases from 0")


def task_columns(tasks: pa.RecordBatch) -> dict[str, np.ndarray]:
    """Return the truth columns as numbers.

    Parameters
    ----------
    tasks : RecordBatch of n rows

    Returns
    -------
    by name, (n,) float64
        A null is NaN; `is_intrinsic` is 1 for intrinsic magnitudes.
    """
    columns = {
        name: tasks[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in NUMBERS
    }
    frames = tasks["src_mag_frame"].to_pylist()
    return columns | {"is_intrinsic": np.array([frame == "intrinsic" for frame in frames], float)}


def band_fluxes(columns: dict[str, np.ndarray], settings: Settings) -> np.ndarray:
    """Return the unlensed flux per band.

    Dimmed by the Milky Way where the magnitude is intrinsic.

    Parameters
    ----------
    columns : by name, (n,) float64
        `task_columns`.
    settings : Settings

    Returns
    -------
    (n, n_band) float64, nanomaggy
    """
    fluxes = np.empty((len(columns["src_r_mag"]), len(settings.bands)))
    for index, band in enumerate(settings.bands):
        colour = COLOUR_OF_BAND[band]
        magnitude = columns["src_r_mag"] + (colour[1] * columns[colour[0]] if colour else 0)
        dimming = transmission(columns["ebv"], settings.extinction[band])
        seen = np.where(columns["is_intrinsic"] > 0, dimming, 1.0)
        fluxes[:, index] = flux_from_magnitude(magnitude) * seen
    return fluxes


def axis_ratio(ellipticity: np.ndarray) -> np.ndarray:
    """Return q = (1 - e) / (1 + e).

    The convention of the survey and of lenstronomy.

    Parameters
    ----------
    ellipticity : (n,) float

    Returns
    -------
    (n,) float
    """
    return (1 - ellipticity) / (1 + ellipticity)


def parameter_rows(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return systems as rows of `udfs.core.system.PARAMETERS`.

    Parameters
    ----------
    columns : by name, (n,) float64
        `task_columns`.

    Returns
    -------
    (n, 12) float64, arcsec and radian
    """
    shear, double = columns["shear"], 2 * columns["shear_phi_rad"]
    return np.stack(
        [
            columns["theta_e_arcsec"],
            axis_ratio(columns["lens_e"]),
            columns["lens_phi_rad"],
            shear * np.cos(double),
            shear * np.sin(double),
            columns["src_x_arcsec"],
            columns["src_y_arcsec"],
            columns["src_reff_arcsec"],
            axis_ratio(columns["src_e"]),
            columns["src_phi_rad"],
            columns["src_n"],
            b_n(columns["src_n"]),
        ],
        axis=1,
    )


def _batch(
    tasks: pa.RecordBatch,
    columns: dict[str, np.ndarray],
    is_wanted: np.ndarray,
    pixels: Pixels,
    settings: Settings,
) -> Batch:
    """Gather everything that the kernels need.

    What stands in rows that are not wanted is not read.

    Arrays are of one layout and writable, whatever was given: for others the kernels would be compiled
    again, which takes a minute and sums in another order.
    """
    n, size = tasks.num_rows, settings.canvas_size
    usable = {name: np.where(is_wanted, values, 0.5) for name, values in columns.items()}
    rows = parameter_rows(usable)
    widths = np.where(is_wanted[:, None], pixels.psf_fwhm_arcsec, 1.0)
    place = np.nan_to_num([columns["lens_x_pix"], columns["lens_y_pix"]])
    corner = np.stack(
        [offset_in_canvas(place, stamp, size).T for stamp in settings.stamp_sizes], axis=1
    )
    keys = np.zeros(n, np.uint64)
    if settings.is_poisson:
        keys[:] = [noise_key(settings.seed, name) for name in tasks["render_id"].to_pylist()]
    mask = np.zeros((1, size, size), np.int32) if pixels.maskbits is None else pixels.maskbits
    return Batch(
        parameters=rows,
        central=central_brightness(
            usable["src_n"], rows[:, SRC_Q], usable["src_reff_arcsec"], rows[:, B]
        ),
        reach=light_radius(usable["src_n"], rows[:, B]),
        lens=_writable(place.T, np.float64),
        origin=np.stack([_integers(tasks, name) for name in ("canvas_x0", "canvas_y0")], axis=1),
        flux=band_fluxes(usable, settings),
        fwhm=_writable(reasons.kernel_fwhm_pix_of(widths, settings), np.float64),
        gain=_writable(pixels.gain_e_per_nmgy, np.float64),
        key=keys,
        is_wanted=is_wanted,
        canvas=pixels.canvas_of(n),
        host=_writable(pixels.image, np.float32),
        invvar=_writable(pixels.invvar, np.float32),
        maskbits=_writable(mask, np.int32),
        corner=_writable(corner, np.int64),
        sizes=np.array(settings.stamp_sizes, np.int64),
    )


def _writable(values: np.ndarray, dtype: type) -> np.ndarray:
    """Make an array contiguous and writable, copied only if needed."""
    return np.require(values, dtype, ["C", "W"])


def _integers(tasks: pa.RecordBatch, name: str) -> np.ndarray:
    """Return a column of tasks as int64."""
    return tasks[name].cast(pa.int64()).to_numpy(zero_copy_only=False)


def _bits(bits: tuple[int, ...]) -> int:
    """Return bits as one number."""
    return sum(1 << bit for bit in bits)


def _choices(settings: Settings) -> Choices:
    """Return the settings as the kernels take them."""
    gaussians = mixture(settings.psf_profile, settings.moffat_beta)
    return Choices(
        scale=settings.pixel_scale_arcsec,
        weight=gaussians.weight,
        sigma_per_fwhm=gaussians.sigma_per_fwhm,
        bad_bits=_bits(settings.bad_mask_bits),
        wise_bits=_bits(settings.wise_mask_bits),
        detection=settings.detection_index,
        is_poisson=settings.is_poisson,
    )


def _empty_results(n: int, settings: Settings) -> Results:
    """Make room for the results of n renders."""
    n_band, n_size, size = len(settings.bands), len(settings.stamp_sizes), settings.canvas_size
    n_lowered = n if settings.returns_invvar else 0
    return Results(
        image=np.empty((n, n_band, size, size), np.float32),
        is_finite=np.zeros(n, bool),
        lowered_invvar=np.empty((n_lowered, n_band, size, size), np.float32),
        magnification=np.full(n, np.nan),
        rendered=np.full(n, np.nan),
        peak=np.zeros((n, n_size)),
        bad=np.zeros((n, n_size)),
        wise=np.zeros((n, n_size)),
        matched=np.zeros((n, n_size, n_band)),
        total=np.zeros((n, n_size, n_band)),
    )


def crops(images: np.ndarray, corner: np.ndarray, settings: Settings) -> dict[int, np.ndarray]:
    """Cut stamps of every size out of canvases.

    Parameters
    ----------
    images : (n, n_band, canvas, canvas) float32
    corner : (n, n_size, 2) int64, pixel
        First column and row of each stamp in its canvas.
    settings : Settings

    Returns
    -------
    by size, (n, n_band, size, size) float32
    """
    return {
        size: _crop(images, corner[:, index], size)
        for index, size in enumerate(settings.stamp_sizes)
    }


def _crop(images: np.ndarray, corner: np.ndarray, size: int) -> np.ndarray:
    """Cut stamps of one size out of canvases."""
    if size == images.shape[-1]:
        return images
    out = np.empty((*images.shape[:2], size, size), images.dtype)
    for k, (x, y) in enumerate(corner.tolist()):
        out[k] = images[k, :, y : y + size, x : x + size]
    return out


def _metrics(
    render_id: pa.Array,
    columns: dict[str, np.ndarray],
    reason: np.ndarray,
    batch: Batch,
    results: Results,
    pixels: Pixels,
    settings: Settings,
) -> pa.RecordBatch:
    """Build one row per render and stamp size.

    Null where nothing was injected.
    """
    n_size = len(settings.stamp_sizes)
    each = np.repeat(np.arange(len(reason)), n_size)  # render of a row
    detection = settings.detection_index
    expected = batch.flux[:, detection] * results.magnification
    closure = results.rendered / results.magnification
    stamp_frac = (results.total[:, :, detection] / expected[:, None]).ravel()
    theta_e, fwhm = columns["theta_e_arcsec"], pixels.psf_fwhm_arcsec[:, detection]
    numbers = {
        "arc_snr_matched": np.sqrt((results.matched**2).sum(axis=2)).ravel(),
        "magnification": results.magnification[each],
        "flux_closure": closure[each],
        "stamp_flux_frac": stamp_frac,
    }
    for index, band in enumerate(settings.bands):
        numbers[f"arc_snr_matched_{band}"] = results.matched[:, :, index].ravel()
        numbers[f"total_injected_flux_{band}_nmgy"] = results.total[:, :, index].ravel()
    beyond = error_budget.is_beyond_budget(
        columns["src_n"],
        columns["src_reff_arcsec"],
        axis_ratio(columns["lens_e"]),
        settings.pixel_scale_arcsec,
    )
    is_null = ~(batch.is_wanted & results.is_finite)[each]
    arrays: dict[str, pa.Array] = {
        name: pa.array(values, mask=is_null) for name, values in numbers.items()
    }
    has_no_pixel = results.bad.ravel() == 1
    has_no_mask = np.full(len(each), pixels.maskbits is None)
    texts = plausibility.warnings(
        results.magnification[each], stamp_frac, theta_e[each], fwhm[each]
    )
    arrays |= {
        "render_id": render_id.take(pa.array(each)).cast(pa.string()),
        "stamp_size": pa.array(np.tile(settings.stamp_sizes, len(reason)), pa.int32()),
        "arc_snr": pa.array(results.peak.ravel(), mask=is_null | has_no_pixel),
        "bad_pixel_frac": pa.array(results.bad.ravel(), mask=has_no_mask),
        "wise_brightmask_frac": pa.array(results.wise.ravel(), mask=has_no_mask),
        "flux_error_flag": pa.array(beyond[each], mask=is_null),
        "physics_valid": pa.array(
            plausibility.is_valid(results.magnification, closure)[each], mask=is_null
        ),
        "physics_warnings": pa.array(np.array(texts, object), pa.string(), mask=is_null),
        "reason_code": pa.array(reason[each], pa.string()),
    }
    schema = metrics_schema(settings)
    return pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)
