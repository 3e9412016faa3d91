"""The injection of one brick, on a brick like those of DR6, written and real, and on damaged copies."""

import shutil

import numpy as np
import polars as pl
import pytest
from astropy.io import fits

from injection import brick_job
from injection.brick_files import open_brick
from injection.brick_job import inject_brick
from pixels.wcs import sky_from_pixel
from tests.injection.conftest import DR6_BRICK
from tests.support.systems import renders, stage_settings
from udfs.batch.inject import inject_batch
from udfs.batch.records import Pixels

G_ONLY = {"bands": ["g"], "detection_band": "g"}
# Bits 0 to 6 of a float32 sum: host and arc are added once, in single precision.
ONE_ROUNDING = 2.0**-23


def injected(frame, settings):
    """Rows and stamps of all batches of a brick."""
    batches = list(inject_brick(frame, settings))
    return pl.concat([batch.rows for batch in batches]), batches


@pytest.fixture(scope="module")
def dr6_g(dr6_coadds, covered_positions):
    """Eight systems on covered pixels of the brick, in g alone, without noise."""
    frame = renders(DR6_BRICK, *covered_positions, bandset="g")
    rows, batches = injected(frame, stage_settings(dr6_coadds, **G_ONLY))
    return frame, rows, batches[0].stamps


def hosts_of(rows, coadds, size):
    """The hosts' pixels by a full read with another library."""
    name = coadds / f"095/{DR6_BRICK}/legacysurvey-{DR6_BRICK}-image-g.fits.fz"
    whole = fits.getdata(name, 1)
    of_size = rows.filter(pl.col("stamp_size") == size)
    return np.stack([
        whole[y : y + size, x : x + size]
        for x, y in of_size.select("stamp_x0_pix", "stamp_y0_pix").iter_rows()
    ])  # fmt: skip


@pytest.mark.parametrize("size", [64, 96])
def test_injected_minus_host_is_the_arc(dr6_g, dr6_coadds, size):
    _, rows, stamps = dr6_g
    host = hosts_of(rows, dr6_coadds, size)
    arc = stamps[size][:, 0].astype(float) - host
    flux = rows.filter(pl.col("stamp_size") == size)["total_injected_flux_g_nmgy"].to_numpy()
    # The sum of the differences differs from the arc's by one float32 rounding a pixel.
    rounding = np.abs(stamps[size][:, 0]).sum(axis=(1, 2)) * ONE_ROUNDING
    is_control = np.isnan(flux)
    assert 0 < is_control.sum() < len(flux)
    assert (np.abs(arc.sum(axis=(1, 2)) - flux)[~is_control] <= rounding[~is_control]).all()
    assert (arc >= -np.abs(host) * ONE_ROUNDING).all()
    np.testing.assert_array_equal(arc[is_control], 0)


def test_the_small_stamp_is_the_centre_of_the_large_one(dr6_g):
    _, _, stamps = dr6_g
    np.testing.assert_array_equal(stamps[64], stamps[96][:, :, 16:80, 16:80])


def test_the_lens_sits_on_the_galaxys_own_position(dr6_g, covered_positions, dr6_coadds):
    _, rows, _ = dr6_g
    brick = open_brick(str(dr6_coadds), DR6_BRICK, ("g",), use_psfsize_maps=False)
    of_size = rows.filter(pl.col("stamp_size") == 64)
    ra, dec = sky_from_pixel(brick.wcs, of_size["x_pix"].to_numpy(), of_size["y_pix"].to_numpy())
    np.testing.assert_allclose(ra, covered_positions[0], atol=1e-9)
    np.testing.assert_allclose(dec, covered_positions[1], atol=1e-9)


def test_a_brick_without_mask_says_so_and_keeps_its_stamps(dr6_g):
    _, rows, _ = dr6_g
    assert rows["cutout_ok"].all()
    assert not rows["metrics_ok"].any()
    assert rows["reason_code"].unique().to_list() == ["no_maskbits"]
    assert rows["bad_pixel_frac"].null_count() == len(rows)


def test_hosts_of_a_crowded_brick_are_cut_in_groups_that_give_the_same(
    dr6_g, dr6_coadds, monkeypatch
):
    frame, rows, stamps = dr6_g
    monkeypatch.setattr(brick_job, "HOSTS_AT_ONCE", 3)
    grouped, batches = injected(frame, stage_settings(dr6_coadds, **G_ONLY))
    assert len(batches) == 3
    assert grouped.sort("render_id", "stamp_size").equals(rows.sort("render_id", "stamp_size"))
    of_render = {name: k for k, name in enumerate(frame["render_id"])}
    for batch in batches:
        index = [of_render[name] for name in batch.renders["render_id"]]
        for size, pixels in batch.stamps.items():
            np.testing.assert_array_equal(pixels, stamps[size][index])


def test_tasks_that_state_no_psf_are_seen_with_that_of_the_maps(dr6_coadds, covered_positions):
    frame = renders(DR6_BRICK, *covered_positions, bandset="g").drop(
        "psfsize_g", "psfsize_r", "psfsize_z"
    )
    rows, _ = injected(frame, stage_settings(dr6_coadds, **G_ONLY))
    of_frame = rows.join(frame.select("render_id", "is_control"), on="render_id")
    reasons = of_frame.select("is_control", "reason_code").unique().sort("is_control").rows()
    # DR6 has neither maps of the PSF, which controls do not need, nor masks.
    assert reasons == [(False, "psf_out_of_range"), (True, "no_maskbits")]
    assert len(rows) == 2 * len(frame)


def test_coverage_is_judged_by_inverse_variance_and_not_by_the_image(dr6_coadds):
    """The file has pixels with an image and no inverse variance; a stamp of such has none."""
    folder = dr6_coadds / f"095/{DR6_BRICK}"
    image, invvar = (
        fits.getdata(folder / f"legacysurvey-{DR6_BRICK}-{product}-g.fits.fz", 1)
        for product in ("image", "invvar")
    )
    brick = open_brick(str(dr6_coadds), DR6_BRICK, ("g",), use_psfsize_maps=False)
    x, y = np.meshgrid(np.arange(40, 1000, 40), np.arange(40, 2000, 40))
    frame = renders(DR6_BRICK, *sky_from_pixel(brick.wcs, x.ravel(), y.ravel()), bandset="g")
    controls = frame.with_columns(is_control=True)
    settings = stage_settings(dr6_coadds, **G_ONLY, stamp_sizes=[9])
    rows, _ = injected(controls, settings)
    for x0, y0, covered, ok, reason in rows.select(
        "stamp_x0_pix", "stamp_y0_pix", "covered_frac_g", "cutout_ok", "reason_code"
    ).iter_rows():
        window = (slice(y0, y0 + 9), slice(x0, x0 + 9))
        expected = (invvar[window] > 0).mean()
        assert ok == (expected > 0)
        assert covered == expected
        assert reason == ("no_maskbits" if expected > 0 else "no_coverage")
    covered_by_image = [
        (image[y0 : y0 + 9, x0 : x0 + 9] != 0).any()
        for x0, y0 in rows.select("stamp_x0_pix", "stamp_y0_pix").iter_rows()
    ]
    assert (np.array(covered_by_image) & ~rows["cutout_ok"].to_numpy()).any()


def test_the_nearly_empty_band_gives_reasons(dr6_coadds, covered_positions):
    frame = renders(DR6_BRICK, *covered_positions, bandset="gz")
    settings = stage_settings(dr6_coadds, bands=["g", "z"], detection_band="g")
    rows, _ = injected(frame, settings)
    assert len(rows) == 2 * len(frame)
    assert rows["reason_code"].unique().to_list() == ["no_coverage"]
    assert set(rows["reason_detail"]) == {"no pixel of the stamp has data in z"}
    assert rows["arc_snr"].null_count() == len(rows)


def test_a_band_that_the_brick_lacks_is_a_missing_file(dr6_coadds, covered_positions):
    rows, batches = injected(renders(DR6_BRICK, *covered_positions), stage_settings(dr6_coadds))
    assert rows["reason_code"].unique().to_list() == ["file_missing"]
    assert not rows["cutout_ok"].any()
    assert batches[0].stamps == {}


def test_every_render_and_size_has_one_row_whatever_happens(dr6_coadds):
    brick = open_brick(str(dr6_coadds), DR6_BRICK, ("g",), use_psfsize_maps=False)
    x = np.array([300.3, 20.0, -500.0, 2500.0, 300.3])
    ra, dec = sky_from_pixel(brick.wcs, x, np.array([900.7, 900.0, 900.0, 900.0, 900.7]))
    frame = renders(DR6_BRICK, np.append(ra, ra[0] + 180), np.append(dec, -dec[0]), bandset="g")
    rows, _ = injected(frame, stage_settings(dr6_coadds, **G_ONLY))
    assert rows.select("render_id", "stamp_size").is_unique().all()
    assert len(rows) == 2 * len(frame)
    reasons = rows.filter(pl.col("stamp_size") == 64).sort("render_id")["reason_code"].to_list()
    assert reasons == [
        "no_maskbits", "off_brick", "off_brick", "no_coverage", "no_maskbits", "off_brick",
    ]  # fmt: skip


def test_what_the_kernels_refuse_has_no_stamp(dr6_coadds, covered_positions):
    frame = renders(DR6_BRICK, *covered_positions, bandset="g").with_columns(
        is_control=pl.lit(value=False), src_n=pl.lit(99.0)
    )
    rows, _ = injected(frame, stage_settings(dr6_coadds, **G_ONLY))
    assert rows["reason_code"].unique().to_list() == ["bad_source_parameter"]
    assert not rows["cutout_ok"].any()


def damaged_copy(coadds, folder, damage):
    """A copy of the brick whose g image was changed."""
    target = folder / f"coadds/095/{DR6_BRICK}"
    target.parent.mkdir(parents=True)
    shutil.copytree(coadds / f"095/{DR6_BRICK}", target)
    path = target / f"legacysurvey-{DR6_BRICK}-image-g.fits.fz"
    path.chmod(0o644)
    path.write_bytes(damage(path.read_bytes()))
    return folder / "coadds"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[:-2880], "file_truncated"),
        (lambda content: content[:-1], "file_truncated"),
        (lambda content: b"", "file_truncated"),
        (lambda content: content.replace(b"0959p805", b"0959p800"), "wrong_brick"),
        (lambda content: content.replace(b"RA---TAN", b"RA---SIN"), "bad_header"),
        (lambda content: content.replace(b"'image   '", b"'invvar  '"), "bad_header"),
    ],
)
def test_a_damaged_file_is_a_reason(dr6_coadds, covered_positions, tmp_path, damage, reason):
    coadds = damaged_copy(dr6_coadds, tmp_path, damage)
    frame = renders(DR6_BRICK, *covered_positions, bandset="g")
    rows, _ = injected(frame, stage_settings(coadds, **G_ONLY))
    assert rows["reason_code"].unique().to_list() == [reason]
    assert len(rows) == 2 * len(frame)


def test_a_damaged_tile_costs_only_the_stamps_that_touch_it(dr6_coadds, tmp_path):
    brick = open_brick(str(dr6_coadds), DR6_BRICK, ("g",), use_psfsize_maps=False)
    start, length = brick.image["g"].table.spans[3 * 36 + 2]  # x 200-300, y 300-400

    def damage(content):
        return content[:start] + b"\xff" * length + content[start + length :]

    x, y = np.array([250.2, 620.4]), np.array([350.0, 650.0])
    frame = renders(DR6_BRICK, *sky_from_pixel(brick.wcs, x, y), bandset="g")
    coadds = damaged_copy(dr6_coadds, tmp_path, damage)
    rows, _ = injected(frame, stage_settings(coadds, **G_ONLY))
    reasons = rows.filter(pl.col("stamp_size") == 96)["reason_code"].to_list()
    assert reasons == ["bad_tile", "no_maskbits"]


def test_injection_into_a_real_three_band_stamp(real):
    """Real DECam pixels of an early-type galaxy: the arc is added, and nothing else changes."""
    with fits.open(real / "derived/testcase9_grz_nmgy_101px.fits") as file:
        image, invvar = (
            np.stack([file[f"{kind}_{band}"].data for band in "grz"]).astype(np.float32)
            for kind in ("IMAGE", "INVVAR")
        )
    settings = stage_settings("", stamp_sizes=[101]).kernel
    frame = renders("0000p000", np.zeros(2), np.zeros(2)).with_columns(
        is_control=pl.Series([False, True]),
        theta_e_arcsec=pl.lit(1.2),
        lens_x_pix=pl.lit(50.3),
        lens_y_pix=pl.lit(49.8),
        canvas_x0=pl.lit(0),
        canvas_y0=pl.lit(0),
    )
    (tasks,) = frame.drop("experiments").to_arrow().to_batches()
    pixels = Pixels(
        image=np.stack([image, image]),
        invvar=np.stack([invvar, invvar]),
        maskbits=np.zeros((2, 101, 101), np.int32),
        psf_fwhm_arcsec=np.tile([1.4, 1.2, 1.1], (2, 1)),
        gain_e_per_nmgy=np.full((2, 3), 4000.0),
    )
    done = inject_batch(tasks, pixels, settings)
    assert done.metrics["reason_code"].to_pylist() == [None, None]
    np.testing.assert_array_equal(done.stamps[101][1], image)
    arc = done.stamps[101][0].astype(float) - image
    assert (arc >= -np.abs(image) * ONE_ROUNDING).all()
    for index, band in enumerate("grz"):
        flux = done.metrics[f"total_injected_flux_{band}_nmgy"][0].as_py()
        assert arc[index].sum() == pytest.approx(flux, rel=1e-4)
    # g = r + 0.2, z = r - 0.1: the arc has the source's colours, whatever the PSF.
    ratios = arc.sum(axis=(1, 2)) / arc[1].sum()
    np.testing.assert_allclose(ratios, 10 ** (-0.4 * np.array([0.2, 0, -0.1])), rtol=2e-3)
