"""The batch function: what it paints, measures, refuses and leaves alone."""

from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.support.batches import EXTINCTION, SETTINGS, make_batch
from udfs.batch.inject import inject_batch
from udfs.batch.records import Settings
from udfs.core.loop import inject_all
from udfs.light import psf
from udfs.light.noise import noise_key
from udfs.light.photometry import flux_from_magnitude
from udfs.reference.poisson import lowered_invvar, photon_noise
from udfs.reference.render import render_lensed_sersic

POISSON = replace(SETTINGS, is_poisson=True)


def frame(injected):
    return pl.from_arrow(injected.metrics)


def system_of(tasks, k, settings=SETTINGS):
    """Arguments of the plain renderer for a task."""
    row = tasks.slice(k, 1).to_pylist()[0]
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


FINE = 5  # samples of the plain arc per pixel; the PSF sees where in its pixel the light lies


def plain_arc(tasks, pixels, k, band, settings=SETTINGS):
    """An arc in one band by the plain renderer and convolution, on a finer grid, nanomaggy."""
    row = tasks.slice(k, 1).to_pylist()[0]
    magnitude = row["src_r_mag"] + {"g": row["src_gr"], "r": 0, "z": -row["src_rz"]}[band]
    psfsize = pixels.psf_fwhm_arcsec[k, settings.bands.index(band)]
    profile, beta = settings.psf_profile, settings.moffat_beta
    system = system_of(tasks, k, settings)
    fine = system | {
        "lens_x_pix": FINE * (system["lens_x_pix"] + 0.5) - 0.5,
        "lens_y_pix": FINE * (system["lens_y_pix"] + 0.5) - 0.5,
        "size_pix": FINE * system["size_pix"],
        "pixel_scale_arcsec": system["pixel_scale_arcsec"] / FINE,
    }
    fwhm = FINE * psf.kernel_fwhm_pix(psfsize, profile, beta, settings.pixel_scale_arcsec)
    unit = render_lensed_sersic(**fine)
    seen = psf.convolve(unit, fwhm, profile, beta, pixel_scale_arcsec=fine["pixel_scale_arcsec"])
    size = system["size_pix"]
    binned = seen.reshape(size, FINE, size, FINE).sum(axis=(1, 3))
    return flux_from_magnitude(magnitude) * binned


@pytest.mark.parametrize("profile", ["gaussian", "moffat"])
def test_stamp_is_the_host_plus_the_arc_of_the_plain_functions(profile):
    settings = replace(SETTINGS, psf_profile=profile)
    tasks, pixels = make_batch(6, settings=settings)
    stamps = inject_batch(tasks, pixels, settings).stamps[48]
    for k in range(6):
        for b, band in enumerate("grz"):
            arc = plain_arc(tasks, pixels, k, band, settings)
            painted = stamps[k, b].astype(float) - pixels.image[k, b]
            # of the peak, by where the light lies in its pixel; a Moffat's core is narrower
            largest = 5e-3 if profile == "gaussian" else 1e-2
            assert np.max(np.abs(painted - arc)) < largest * arc.max()
            assert painted.sum() == pytest.approx(arc.sum(), rel=2e-3)


def test_metrics_are_those_of_the_painted_pixels():
    tasks, pixels = make_batch(5, seed=3)
    pixels.maskbits[:, 10:20, :] = 1 << 3
    pixels.maskbits[:, 25:27, :] = 1 << 8
    pixels.invvar[:, :, :, 30] = 0
    injected = inject_batch(tasks, pixels, SETTINGS)
    rows = frame(injected)
    assert rows["reason_code"].null_count() == len(rows) == 10
    for row in rows.iter_rows(named=True):
        k = tasks["render_id"].to_pylist().index(row["render_id"])
        size = row["stamp_size"]
        cut = slice(8, 40) if size == 32 else slice(0, 48)
        window = (k, slice(None), cut, cut)
        arc = injected.stamps[size][k].astype(float) - pixels.image[window]
        good = (pixels.invvar[window] > 0) & (pixels.maskbits[k, cut, cut] & 0b10000001001010 == 0)
        snr = arc * np.sqrt(pixels.invvar[window])
        # differences of float32 pixels of 0.05 nanomaggy carry 4e-9 of rounding each
        assert row["arc_snr"] == pytest.approx(snr[1][good[1]].max(), rel=1e-4)
        for b, band in enumerate("grz"):
            matched = np.sqrt((snr[b][good[b]] ** 2).sum())
            assert row[f"arc_snr_matched_{band}"] == pytest.approx(matched, rel=1e-4)
            assert row[f"total_injected_flux_{band}_nmgy"] == pytest.approx(arc[b].sum(), rel=1e-4)
        bands = [row[f"arc_snr_matched_{band}"] for band in "grz"]
        assert row["arc_snr_matched"] == pytest.approx(np.linalg.norm(bands))
        assert row["bad_pixel_frac"] == pytest.approx(1 - good[1].mean())
        assert row["wise_brightmask_frac"] == pytest.approx(2 / size)
        assert row["magnification"] > 1


def test_flux_on_the_canvas_is_the_ray_traced_one():
    """Compact sources, so that nothing leaves the canvas before the PSF."""
    tasks, pixels = make_batch(40, seed=5, src_n=1.0, src_reff_arcsec=0.15, shear=0.03)
    rows = frame(inject_batch(tasks, pixels, SETTINGS))
    assert rows["flux_closure"].is_between(0.995, 1.005).all()
    assert rows["stamp_flux_frac"].is_between(0.9, 1.005).all()
    assert rows["physics_valid"].all()
    assert not rows["flux_error_flag"].any()


def test_smaller_stamp_is_exactly_the_centre_of_the_larger():
    injected = inject_batch(*make_batch(4), POISSON)
    assert np.array_equal(injected.stamps[32], injected.stamps[48][:, :, 8:40, 8:40])


@pytest.mark.parametrize("sizes", [(31, 48), (32, 47), (31, 47), (48, 32, 31)])
def test_odd_and_even_stamps_are_cut_by_the_rule(sizes):
    settings = replace(SETTINGS, stamp_sizes=sizes)
    tasks, pixels = make_batch(12, seed=9, settings=settings)
    injected = inject_batch(tasks, pixels, settings)
    largest = max(sizes)
    for size in sizes:
        for k in range(12):
            x, y = tasks["lens_x_pix"][k].as_py(), tasks["lens_y_pix"][k].as_py()
            brick = np.array([tasks["canvas_x0"][k].as_py(), tasks["canvas_y0"][k].as_py()])
            shift = 0.0 if size % 2 == 0 else 0.5
            corner = np.floor(brick + np.array((x, y)) + shift) - brick
            corner = corner - (size // 2 - 1 if size % 2 == 0 else (size - 1) // 2)
            left, low = corner.astype(int)
            expected = injected.stamps[largest][k, :, low : low + size, left : left + size]
            assert np.array_equal(injected.stamps[size][k], expected)
            assert abs(x - left - (size - 1) / 2) <= 0.5


def test_controls_keep_the_host_bit_for_bit_and_have_no_arc():
    none = dict.fromkeys(
        ("theta_e_arcsec", "lens_e", "shear", "src_x_arcsec", "src_reff_arcsec", "src_n"), 0.0
    )
    tasks, pixels = make_batch(3, is_control=True, lens_model="CONTROL", **none)
    injected = inject_batch(tasks, pixels, POISSON)
    assert np.array_equal(injected.stamps[48], pixels.image)
    rows = frame(injected)
    assert rows["reason_code"].null_count() == 6
    for name in ("arc_snr", "arc_snr_matched_r", "magnification", "total_injected_flux_g_nmgy",
                 "stamp_flux_frac", "physics_valid", "flux_error_flag"):  # fmt: skip
        assert rows[name].null_count() == 6
    assert rows["bad_pixel_frac"].null_count() == 0


def test_host_pixels_given_are_not_changed():
    tasks, pixels = make_batch(3)
    before = (pixels.image.copy(), pixels.invvar.copy())
    inject_batch(tasks, pixels, POISSON)
    assert np.array_equal(before[0], pixels.image)
    assert np.array_equal(before[1], pixels.invvar)


def test_rows_do_not_depend_on_the_batch_or_its_order():
    tasks, pixels = make_batch(7, seed=2)
    whole = inject_batch(tasks, pixels, POISSON)
    order = [4, 1, 6]
    part = inject_batch(
        pa.RecordBatch.from_struct_array(tasks.to_struct_array().take(pa.array(order))),
        replace(
            pixels,
            image=pixels.image[order],
            invvar=pixels.invvar[order],
            maskbits=pixels.maskbits[order],
            psf_fwhm_arcsec=pixels.psf_fwhm_arcsec[order],
            gain_e_per_nmgy=pixels.gain_e_per_nmgy[order],
        ),
        POISSON,
    )
    assert np.array_equal(part.stamps[48], whole.stamps[48][order])
    rows = frame(whole)
    wanted = pl.concat([rows[2 * k : 2 * k + 2] for k in order])
    assert frame(part).equals(wanted)


def test_noise_is_that_of_the_plain_function_and_lowers_the_inverse_variance():
    settings = replace(POISSON, returns_invvar=True)
    tasks, pixels = make_batch(2, seed=4)
    noisy, quiet = inject_batch(tasks, pixels, settings), inject_batch(tasks, pixels, SETTINGS)
    for k in range(2):
        key = np.uint64(noise_key(13, tasks["render_id"][k].as_py()))
        place = (tasks["canvas_x0"][k].as_py(), tasks["canvas_y0"][k].as_py())
        for band in range(3):
            arc = np.maximum(quiet.stamps[48][k, band] - pixels.image[k, band], 0)
            noise = noisy.stamps[48][k, band] - quiet.stamps[48][k, band]
            # the arc here is a difference of float32 pixels: its photons differ by rounding
            plain = photon_noise(arc, 8000.0, *place, band, key)
            assert np.mean(np.abs(noise - plain) * 8000 > 1.5) < 0.01
            lowered = lowered_invvar(pixels.invvar[k, band], arc, 8000.0)
            assert np.allclose(noisy.invvar[48][k, band], lowered, rtol=1e-4)


def test_seed_changes_the_noise_and_nothing_else():
    tasks, pixels = make_batch(2)
    first, second = (inject_batch(tasks, pixels, replace(POISSON, seed=s)) for s in (13, 14))
    assert frame(first).equals(frame(second))
    assert not np.array_equal(first.stamps[48], second.stamps[48])


def test_intrinsic_magnitudes_are_dimmed_and_observed_ones_are_not():
    settings = replace(SETTINGS, stamp_sizes=(48,))
    tasks, pixels = make_batch(2, ebv=0.1)
    observed = frame(inject_batch(tasks, pixels, settings))
    tasks, pixels = make_batch(2, ebv=0.1, src_mag_frame="intrinsic")
    intrinsic = frame(inject_batch(tasks, pixels, settings))
    for band, fraction in {"g": 0.743772, "r": 0.819219, "z": 0.894458}.items():
        name = f"total_injected_flux_{band}_nmgy"
        assert (intrinsic[name] / observed[name]).to_list() == pytest.approx([fraction] * 2)


def test_missing_maskbits_leave_the_quality_unknown_but_the_arc_measured():
    tasks, pixels = make_batch(2)
    rows = frame(inject_batch(tasks, replace(pixels, maskbits=None), SETTINGS))
    assert rows["bad_pixel_frac"].null_count() == 4
    assert rows["wise_brightmask_frac"].null_count() == 4
    assert rows["arc_snr"].null_count() == 0


def test_stamp_without_a_good_pixel_has_no_snr():
    tasks, pixels = make_batch(1)
    pixels.maskbits[:] = 1 << 1
    rows = frame(inject_batch(tasks, pixels, SETTINGS))
    assert rows["arc_snr"].null_count() == 2
    assert rows["arc_snr_matched"].to_list() == [0.0, 0.0]  # no pixel tells anything
    assert rows["bad_pixel_frac"].to_list() == [1.0, 1.0]
    assert rows["total_injected_flux_r_nmgy"].min() > 0


def test_source_beyond_the_budget_is_flagged():
    tasks, pixels = make_batch(
        4, src_n=[1.0, 1.0, 4.0, 5.0], src_reff_arcsec=[0.08, 0.07, 0.19, 1.0]
    )
    rows = frame(inject_batch(tasks, pixels, replace(SETTINGS, stamp_sizes=(48,))))
    assert rows["flux_error_flag"].to_list() == [False, True, True, True]


def test_source_off_the_canvas_injects_nothing_but_is_no_failure():
    tasks, pixels = make_batch(2, src_x_arcsec=200.0, src_reff_arcsec=0.1, src_n=1.0)
    injected = inject_batch(tasks, pixels, POISSON)
    rows = frame(injected)
    assert np.array_equal(injected.stamps[48], pixels.image)
    assert rows["total_injected_flux_r_nmgy"].to_list() == [0.0] * 4
    assert rows["physics_warnings"].str.contains("off the stamp").all()


def test_empty_batch_gives_no_rows():
    tasks, pixels = make_batch(0)
    injected = inject_batch(tasks, pixels, SETTINGS)
    assert injected.metrics.num_rows == 0
    assert injected.stamps[32].shape == (0, 3, 32, 32)


def test_one_band_is_enough():
    settings = Settings(("r",), "r", (48,), EXTINCTION, is_poisson=False)
    tasks, pixels = make_batch(2, settings=settings)
    assert frame(inject_batch(tasks, pixels, settings))["arc_snr_matched_r"].min() > 0


@pytest.mark.parametrize("has_maskbits", [True, False])
def test_renders_of_one_host_may_share_its_canvas(has_maskbits):
    """As if each had a copy: with one that cannot be injected, and one whose host has no number."""
    host = np.array([2, 0, 2, 1, 2])
    settings = replace(SETTINGS, returns_invvar=True)
    tasks, pixels = make_batch(5, settings=settings, theta_e_arcsec=[1.0, 1.2, -1.0, 0.9, 0.7])
    canvases = {name: getattr(pixels, name)[:3].copy() for name in ("image", "invvar", "maskbits")}
    canvases["image"][1, 0, 3, 4] = np.nan
    canvases["maskbits"] = canvases["maskbits"] if has_maskbits else None
    copies = {name: values if values is None else values[host] for name, values in canvases.items()}
    shared = inject_batch(tasks, replace(pixels, **canvases, host=host), settings)
    copied = inject_batch(tasks, replace(pixels, **copies), settings)
    assert shared.metrics.equals(copied.metrics)
    for size in settings.stamp_sizes:
        assert shared.stamps[size].tobytes() == copied.stamps[size].tobytes()
        assert shared.invvar[size].tobytes() == copied.invvar[size].tobytes()
    assert shared.metrics["reason_code"].null_count == 3 * len(settings.stamp_sizes)


@pytest.mark.parametrize("host", [[0, 2], [-1, 0]])
def test_a_host_without_a_canvas_is_an_error(host):
    tasks, pixels = make_batch(2)
    with pytest.raises(ValueError, match="host must number the 2 canvases from 0"):
        inject_batch(tasks, replace(pixels, host=np.array(host)), SETTINGS)


def test_misuse_is_an_error_that_says_what_is_wrong():
    tasks, pixels = make_batch(2)
    with pytest.raises(ValueError, match="'src_n'"):
        inject_batch(tasks.drop_columns(["src_n"]), pixels, SETTINGS)
    with pytest.raises(ValueError, match=r"invvar must have shape \(2, 3, 48, 48\)"):
        inject_batch(tasks, replace(pixels, invvar=pixels.invvar[:, :, 1:]), SETTINGS)
    for change in (
        {"bands": ("g", "y")}, {"detection_band": "i"}, {"extinction": {}}, {"stamp_sizes": ()},
        {"psf_profile": "airy"}, {"pixel_scale_arcsec": 0.0},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"band|coefficient|sizes|profile|pixel_scale"):
            replace(SETTINGS, **change)


def test_pixels_of_any_layout_are_injected_by_the_same_compiled_kernel():
    """Another layout would compile it again, and its sums would have another order."""
    tasks, pixels = make_batch(3)
    plain = inject_batch(tasks, pixels, SETTINGS)
    n_compiled = len(inject_all.signatures)
    odd = {
        name: np.asfortranarray(getattr(pixels, name))
        for name in ("image", "invvar", "maskbits", "psf_fwhm_arcsec", "gain_e_per_nmgy")
    }
    for array in odd.values():
        array.flags.writeable = False
    again = inject_batch(tasks, replace(pixels, **odd), SETTINGS)
    assert len(inject_all.signatures) == n_compiled
    assert again.metrics.equals(plain.metrics)
