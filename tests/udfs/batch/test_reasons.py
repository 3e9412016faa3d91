"""Renders that cannot be injected: their reason, and hosts that stay as they are."""

from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.support.batches import SETTINGS, make_batch
from udfs.batch import reasons
from udfs.batch.inject import inject_batch

POISSON = replace(SETTINGS, is_poisson=True)


def frame(injected):
    return pl.from_arrow(injected.metrics)


BAD_VALUES = [
    ("theta_e_arcsec", -0.5, reasons.BAD_LENS), ("theta_e_arcsec", np.nan, reasons.BAD_LENS),
    ("lens_e", 1.0, reasons.BAD_LENS), ("lens_e", -0.1, reasons.BAD_LENS),
    ("lens_phi_rad", np.inf, reasons.BAD_LENS), ("theta_e_arcsec", None, reasons.BAD_LENS),
    ("shear", 1.0, reasons.BAD_SHEAR), ("shear", -0.1, reasons.BAD_SHEAR),
    ("shear_phi_rad", np.nan, reasons.BAD_SHEAR), ("src_reff_arcsec", 0.0, reasons.BAD_SOURCE),
    ("src_reff_arcsec", np.nan, reasons.BAD_SOURCE), ("src_reff_arcsec", np.inf, reasons.BAD_SOURCE),
    ("src_n", 0.29, reasons.BAD_SOURCE), ("src_n", 8.01, reasons.BAD_SOURCE),
    ("src_e", 1.0, reasons.BAD_SOURCE), ("src_x_arcsec", np.nan, reasons.BAD_SOURCE),
    ("src_phi_rad", None, reasons.BAD_SOURCE), ("src_r_mag", np.nan, reasons.BAD_FLUX),
    ("src_gr", np.inf, reasons.BAD_FLUX), ("lens_x_pix", np.nan, reasons.BAD_POSITION),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "code"), BAD_VALUES)
def test_bad_parameter_is_a_reason_and_the_host_is_untouched(name, value, code):
    tasks, pixels = make_batch(3, seed=6)
    values = tasks[name].to_pylist()
    values[1] = value
    column = tasks.schema.get_field_index(name)
    tasks = tasks.set_column(column, name, pa.array(values, pa.float64()))
    injected = inject_batch(tasks, pixels, POISSON)
    rows = frame(injected)
    assert rows["reason_code"].to_list() == [None, None, code, code, None, None]
    assert rows["arc_snr"].is_null().to_list() == [False, False, True, True, False, False]
    assert np.array_equal(injected.stamps[48][1], pixels.image[1])
    assert np.isfinite(injected.stamps[48]).all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"psf_fwhm_arcsec": 0.49}, reasons.BAD_PSF), ({"psf_fwhm_arcsec": 5.1}, reasons.BAD_PSF),
        ({"psf_fwhm_arcsec": np.nan}, reasons.BAD_PSF), ({"psf_fwhm_arcsec": 0.0}, reasons.BAD_PSF),
        ({"psf_fwhm_arcsec": 3.5}, reasons.LARGE_KERNEL), ({"gain_e_per_nmgy": 0.0}, reasons.BAD_GAIN),
        ({"gain_e_per_nmgy": np.nan}, reasons.BAD_GAIN), ({"image": np.nan}, reasons.BAD_PIXELS),
    ],
)  # fmt: skip
def test_bad_conditions_are_a_reason(change, code):
    tasks, pixels = make_batch(2)
    name, value = next(iter(change.items()))
    getattr(pixels, name)[1, 2, ...] = value
    rows = frame(inject_batch(tasks, pixels, POISSON))
    assert rows["reason_code"].to_list() == [None, None, code, code]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_pixel_without_a_number_outweighs_every_other_reason(value):
    tasks, pixels = make_batch(3)
    is_control = np.array([False, True, False])
    column = tasks.schema.get_field_index("is_control")
    tasks = tasks.set_column(column, "is_control", pa.array(is_control))
    pixels.image[:2, 0, 30, 7] = value
    pixels.psf_fwhm_arcsec[0] = np.nan
    injected = inject_batch(tasks, pixels, POISSON)
    rows = frame(injected)
    assert rows["reason_code"].to_list() == [reasons.BAD_PIXELS] * 4 + [None] * 2
    assert rows["arc_snr"].is_null().to_list() == [True] * 4 + [False] * 2
    assert np.array_equal(injected.stamps[48][:2], pixels.image[:2], equal_nan=True)


def test_bright_but_finite_pixels_are_no_reason():
    tasks, pixels = make_batch(2)
    pixels.image[1] = 3e37  # the sum of the stamp is beyond single precision
    assert frame(inject_batch(tasks, pixels, SETTINGS))["reason_code"].null_count() == 4


def test_every_reason_is_in_the_list_of_reasons():
    listed = pl.read_csv("seeds/staging/reason_codes.csv")
    ours = {value for name, value in vars(reasons).items() if name.isupper() and "_" in value}
    codes = {value for value in ours if isinstance(value, str)}
    assert len(codes) == 9
    assert codes <= set(listed.filter(pl.col("stage") == "injections")["reason_code"])
