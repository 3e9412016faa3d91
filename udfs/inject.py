"""Paint lensed arcs into the pixels of real galaxies and measure what was painted."""

import numpy as np
import pyarrow as pa

from udfs import psf, reasons
from udfs.extinction import transmission
from udfs.metrics import good_pixels, matched_snr, peak_snr
from udfs.philox import noise_key
from udfs.photometry import flux_from_magnitude
from udfs.poisson import lowered_invvar, photon_noise
from udfs.records import COLOUR_OF_BAND, Injected, Pixels, Settings
from udfs.render import render_lensed_sersic
from udfs.stamps import offset_in_canvas

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
    columns = _columns(tasks)
    is_control = np.asarray(tasks["is_control"].to_numpy(zero_copy_only=False), bool)
    reason = reasons.first_reason(columns, is_control, pixels, settings)
    fluxes = _band_fluxes(columns, settings)
    rows: list[dict[str, object]] = []
    image, invvar = pixels.image.copy(), pixels.invvar.copy()
    for k in range(tasks.num_rows):
        arc = np.zeros(pixels.image.shape[1:], np.float32)
        shared: dict[str, object] = {"render_id": tasks["render_id"][k].as_py()}
        if reason[k] is None and not is_control[k]:
            unit, magnification, closure = _unit_arc(columns, k, settings)
            shared |= {"magnification": magnification, "flux_closure": closure}
            arc = _arc_in_bands(unit, fluxes[k], pixels.psf_fwhm_arcsec[k], settings)
            image[k] += arc
            if settings.is_poisson:
                _add_noise(image[k], invvar[k], arc, tasks, k, pixels.gain_e_per_nmgy[k], settings)
        shared["reason_code"] = reason[k]
        rows += _metrics(shared, arc, k, columns, pixels, settings, fluxes[k])
    schema = metrics_schema(settings)
    corners = _crop_corners(columns, settings)
    return Injected(
        pa.RecordBatch.from_pylist(rows, schema=schema),
        {size: _crop(image, corner, size) for size, corner in corners.items()},
        {size: _crop(invvar, corner, size) for size, corner in corners.items()},
    )


def metrics_schema(settings: Settings) -> pa.Schema:
    """Columns of `Injected.metrics`."""
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
    if missing := [name for name in NUMBERS + OTHERS if name not in tasks.schema.names]:
        raise ValueError(f"tasks lack the column {missing[0]!r}")
    size, n, n_band = settings.canvas_size, tasks.num_rows, len(settings.bands)
    shapes = {
        "image": (pixels.image, (n, n_band, size, size)),
        "invvar": (pixels.invvar, (n, n_band, size, size)),
        "psf_fwhm_arcsec": (pixels.psf_fwhm_arcsec, (n, n_band)),
        "gain_e_per_nmgy": (pixels.gain_e_per_nmgy, (n, n_band)),
    }
    if pixels.maskbits is not None:
        shapes["maskbits"] = (pixels.maskbits, (n, size, size))
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def _columns(tasks: pa.RecordBatch) -> dict[str, np.ndarray]:
    """Truth columns as floats, a null being NaN."""
    columns = {
        name: tasks[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in NUMBERS
    }
    frames = tasks["src_mag_frame"].to_pylist()
    return columns | {"is_intrinsic": np.array([frame == "intrinsic" for frame in frames], float)}


def _band_fluxes(columns: dict[str, np.ndarray], settings: Settings) -> np.ndarray:
    """Unlensed flux per band, dimmed by the Milky Way where the magnitude is intrinsic.

    Returns (n, n_band) float64, nanomaggy.
    """
    fluxes = np.empty((len(columns["src_r_mag"]), len(settings.bands)))
    for index, band in enumerate(settings.bands):
        colour = COLOUR_OF_BAND[band]
        magnitude = columns["src_r_mag"] + (colour[1] * columns[colour[0]] if colour else 0)
        dimming = transmission(columns["ebv"], settings.extinction[band])
        seen = np.where(columns["is_intrinsic"] > 0, dimming, 1.0)
        fluxes[:, index] = flux_from_magnitude(magnitude) * seen
    return fluxes


def _system(columns: dict[str, np.ndarray], k: int, settings: Settings) -> dict[str, float]:
    """Arguments of `render_lensed_sersic` for a row."""
    row = {name: float(values[k]) for name, values in columns.items()}
    same = ("theta_e_arcsec", "lens_phi_rad", "src_x_arcsec", "src_y_arcsec", "src_reff_arcsec",
            "src_phi_rad", "src_n", "lens_x_pix", "lens_y_pix")  # fmt: skip
    return {name: row[name] for name in same} | {
        "lens_q": (1 - row["lens_e"]) / (1 + row["lens_e"]),
        "src_q": (1 - row["src_e"]) / (1 + row["src_e"]),
        "shear_g1": row["shear"] * np.cos(2 * row["shear_phi_rad"]),
        "shear_g2": row["shear"] * np.sin(2 * row["shear_phi_rad"]),
        "size_pix": settings.canvas_size,
        "pixel_scale_arcsec": settings.pixel_scale_arcsec,
    }


def _unit_arc(
    columns: dict[str, np.ndarray], k: int, settings: Settings
) -> tuple[np.ndarray, float, float]:
    """Arc of unit unlensed flux before the PSF, total magnification, and rendered over expected."""
    system = _system(columns, k, settings)
    unit = render_lensed_sersic(**system)  # type: ignore[arg-type]
    far = 2 * settings.canvas_size
    wide = system | {
        "size_pix": settings.canvas_size + 2 * far,
        "lens_x_pix": system["lens_x_pix"] + far,
        "lens_y_pix": system["lens_y_pix"] + far,
    }
    magnification = float(render_lensed_sersic(**wide).sum())  # type: ignore[arg-type]
    return unit, magnification, float(unit.sum()) / magnification


def _arc_in_bands(
    unit: np.ndarray, flux: np.ndarray, psfsize: np.ndarray, settings: Settings
) -> np.ndarray:
    """Arc through each band's PSF, (n_band, size, size) float32, nanomaggy."""
    widths = reasons.kernel_fwhm_pix_of(psfsize, settings)
    profile, beta = settings.psf_profile, settings.moffat_beta
    seen = [
        scale * psf.convolve(
            unit, width, profile, beta, pixel_scale_arcsec=settings.pixel_scale_arcsec
        )
        for scale, width in zip(flux, widths, strict=True)
    ]  # fmt: skip
    return np.maximum(np.array(seen), 0).astype(np.float32)


def _add_noise(image, invvar, arc, tasks, k, gain, settings) -> None:  # type: ignore[no-untyped-def]
    key = np.uint64(noise_key(settings.seed, tasks["render_id"][k].as_py()))
    x0, y0 = tasks["canvas_x0"][k].as_py(), tasks["canvas_y0"][k].as_py()
    for band in range(len(arc)):
        image[band] += photon_noise(arc[band], float(gain[band]), x0, y0, band, key)
        invvar[band] = lowered_invvar(invvar[band], arc[band], gain[band])


def _crop_corners(
    columns: dict[str, np.ndarray], settings: Settings
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """First column and row of each stamp size within the canvas."""
    canvas = settings.canvas_size
    x, y = np.nan_to_num(columns["lens_x_pix"]), np.nan_to_num(columns["lens_y_pix"])
    return {
        size: (offset_in_canvas(x, size, canvas), offset_in_canvas(y, size, canvas))
        for size in settings.stamp_sizes
    }


def _crop(images: np.ndarray, corner: tuple[np.ndarray, np.ndarray], size: int) -> np.ndarray:
    if size == images.shape[-1]:
        return images
    return np.stack([
        image[..., y : y + size, x : x + size]
        for image, x, y in zip(images, *corner, strict=True)
    ])  # fmt: skip


def _metrics(shared, arc, k, columns, pixels, settings, flux):  # type: ignore[no-untyped-def]
    rows = []
    corners = _crop_corners(columns, settings)
    bad = sum(1 << bit for bit in settings.bad_mask_bits)
    wise = sum(1 << bit for bit in settings.wise_mask_bits)
    for size, (x, y) in corners.items():
        window = (slice(y[k], y[k] + size), slice(x[k], x[k] + size))
        row = shared | {"stamp_size": size}
        mask = None if pixels.maskbits is None else pixels.maskbits[k][window]
        iv = pixels.invvar[k][(slice(None), *window)]
        good = good_pixels(iv, mask, bad)
        d = settings.detection_index
        if mask is not None:
            row["bad_pixel_frac"] = float(1 - good[d].mean())
            row["wise_brightmask_frac"] = float(((mask & wise) != 0).mean())
        if "magnification" in shared:
            cut = arc[(slice(None), *window)]
            snr = [matched_snr(cut[b], iv[b], good[b]) for b in range(len(cut))]
            for b, band in enumerate(settings.bands):
                row[f"arc_snr_matched_{band}"] = snr[b]
                row[f"total_injected_flux_{band}_nmgy"] = float(cut[b].sum(dtype=float))
            row["arc_snr_matched"] = float(np.sqrt(np.nansum(np.square(snr))))
            row["arc_snr"] = peak_snr(cut[d], iv[d], good[d])
            row["stamp_flux_frac"] = float(cut[d].sum(dtype=float)) / (
                flux[d] * shared["magnification"]
            )
            row["flux_error_flag"] = False
            row["physics_valid"] = True
        rows.append(row)
    return rows
