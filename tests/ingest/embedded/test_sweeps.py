"""Sweep files of the embedded survey against the published layout of DR10."""

import hashlib
from collections import Counter

import numpy as np
import pytest
from astropy.io import fits

from ingest.embedded.brick_grid import brick_at
from ingest.embedded.sweep_format import SWEEP, sweep_name
from tests.ingest.embedded.test_layout import split
from tests.support.embedded_files import bricks, is_lrg, sources

# Offsets and types that the survey's documents and code give.
KNOWN_OFFSETS = {
    "RELEASE": (0, ">i2"), "BRICKID": (2, ">i4"), "BRICKNAME": (6, "S8"), "OBJID": (14, ">i4"),
    "TYPE": (18, "S3"), "RA": (21, ">f8"), "DEC": (29, ">f8"), "EBV": (65, ">f4"),
    "FLUX_G": (69, ">f4"), "FLUX_IVAR_G": (101, ">f4"), "MW_TRANSMISSION_G": (133, ">f4"),
    "NOBS_G": (165, ">i2"), "PSFSIZE_G": (295, ">f4"), "SHAPE_R": (359, ">f4"),
    "MASKBITS": (491, ">i4"), "FITBITS": (495, ">i2"), "SERSIC": (497, ">f4"),
}  # fmt: skip
VARIANTS = {
    "v1": (20.0, 0.5, 1.6), "v2": (20.4, 0.4, 1.6), "v3": (20.4, 0.4, 0.8),
    "v4": (21.0, 0.4, 0.8), "v5": (21.5, 0.3, 0.8),
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(embedded_survey):
    return sources(embedded_survey)


def sweep_files(root):
    return sorted((root / "south/sweep/10.1").glob("sweep-*.fits"))


def test_a_row_has_130_columns_and_505_bytes_at_the_published_offsets():
    assert (len(SWEEP.names), SWEEP.itemsize) == (130, 505)
    for name, (offset, form) in KNOWN_OFFSETS.items():
        assert SWEEP.fields[name][1] == offset
        assert SWEEP.fields[name][0] == np.dtype(form)


def test_files_are_tables_in_hdu_1_after_an_empty_one(embedded_survey):
    for path in sweep_files(embedded_survey):
        with fits.open(path) as hdus:
            assert len(hdus) == 2
            assert hdus[0].data is None
            assert hdus[1].name == "SWEEP"
            assert hdus[1].header["NAXIS1"] == 505
            assert hdus[1].header["TFORM5"] == "3A"
            assert all(column == column.upper() for column in hdus[1].columns.names)
        assert path.stat().st_size % 2880 == 0


def test_boxes_are_half_open_and_named_by_their_corners(embedded_survey):
    paths = sweep_files(embedded_survey)
    for path in paths:
        with fits.open(path) as hdus:
            limits, table = hdus[0].header, hdus[1].data
            assert path.name == sweep_name(int(limits["RAMIN"]), int(limits["DECMIN"]))
            assert ((table["RA"] >= limits["RAMIN"]) & (table["RA"] < limits["RAMAX"])).all()
            assert ((table["DEC"] >= limits["DECMIN"]) & (table["DEC"] < limits["DECMAX"])).all()
    names = {path.name for path in paths}
    assert {"sweep-000m005-005p000.fits", "sweep-355m005-360p000.fits"} <= names


def test_checksum_list_holds_every_file(embedded_survey):
    folder = embedded_survey / "south/sweep/10.1"
    lines = (folder / "legacysurvey_dr10_south_sweep_10.1.sha256sum").read_text().splitlines()
    listed = {name.lstrip("*"): digest for digest, name in (line.split() for line in lines)}
    assert set(listed) == {path.name for path in sweep_files(embedded_survey)}
    for path in sweep_files(embedded_survey):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[path.name]


def test_rows_lie_in_the_brick_they_name(rows):
    for row in rows[:: len(rows) // 500]:
        found = brick_at(row["RA"], row["DEC"])
        assert (row["BRICKNAME"], row["BRICKID"]) == (found.name, found.brickid)


def test_every_type_is_there_and_dup_rows_have_no_optical_flux(rows):
    assert set(rows["TYPE"]) == {"PSF", "REX", "EXP", "DEV", "SER", "DUP"}
    duplicates = rows[rows["TYPE"] == "DUP"]
    for band in "GRZ":
        assert (duplicates[f"FLUX_{band}"] == 0).all()
        assert (duplicates[f"FLUX_IVAR_{band}"] == 0).all()


def test_shapes_follow_the_type(rows):
    index = {"REX": 1.0, "EXP": 1.0, "DEV": 4.0, "PSF": 0.0}
    for kind, sersic in index.items():
        assert (rows["SERSIC"][rows["TYPE"] == kind] == sersic).all()
    assert (rows["SHAPE_R"][rows["TYPE"] == "PSF"] == 0).all()
    round_ones = rows[rows["TYPE"] == "REX"]
    assert (round_ones["SHAPE_E1"] == 0).all()
    assert (np.hypot(rows["SHAPE_E1"], rows["SHAPE_E2"]) < 1).all()


@pytest.mark.parametrize("bit", range(17))
def test_every_mask_bit_is_set_somewhere(rows, bit):
    assert (rows["MASKBITS"] & (1 << bit)).any()


@pytest.mark.parametrize("column", ["WISEMASK_W1", "WISEMASK_W2"])
def test_every_bit_of_the_wise_masks_is_set_somewhere(rows, column):
    assert np.bitwise_or.reduce(rows[column]) == 0xFF


def test_there_are_zero_negative_and_absent_fluxes(rows):
    assert (rows["FLUX_Z"] == 0).any()
    assert (rows["FLUX_G"] < 0).any()
    assert np.isnan(rows["FLUX_W1"]).any()


def test_one_lrg_is_there_in_two_releases(rows):
    keys = Counter(zip(rows["BRICKID"].tolist(), rows["OBJID"].tolist(), strict=True))
    (pair,) = [key for key, count in keys.items() if count == 2]
    again = rows[(rows["BRICKID"] == pair[0]) & (rows["OBJID"] == pair[1])]
    assert sorted(again["RELEASE"]) == [10000, 10002]
    assert again["FLUX_R"][0] != again["FLUX_R"][1]
    assert is_lrg(again, *VARIANTS["v3"]).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_has_members_in_each_split(rows, variant):
    members = rows[is_lrg(rows, *VARIANTS[variant])]
    counts = Counter(split(row["RA"], row["DEC"]) for row in members)
    assert min(counts[name] for name in ("train", "val", "test")) >= 100


def test_variants_are_nested_and_all_different(rows):
    sizes = [is_lrg(rows, *VARIANTS[name]).sum() for name in VARIANTS]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)


def test_transmission_follows_from_the_reddening(rows):
    for band, coefficient in {"G": 3.214, "R": 2.165, "Z": 1.211, "W1": 0.184}.items():
        expected = 10 ** (-0.4 * coefficient * rows["EBV"].astype(float))
        assert np.allclose(rows[f"MW_TRANSMISSION_{band}"], expected, rtol=1e-6)


def test_brick_table_counts_the_sources_of_the_sweeps(embedded_survey, rows):
    table = bricks(embedded_survey)
    keys = np.unique(rows[["BRICKID", "OBJID"]])
    counts = Counter(keys["BRICKID"].tolist())
    assert [counts[brick] for brick in table["brickid"].tolist()] == table["nobjs"].tolist()
    kinds = ["npsf", "nrex", "nexp", "ndev", "nser", "ndup"]
    assert (sum(table[kind] for kind in kinds) == table["nobjs"]).all()


def test_brick_table_has_the_published_columns_in_lower_case(embedded_survey):
    names = bricks(embedded_survey).dtype.names
    assert all(name == name.lower() for name in names)
    assert {"nexp", "nexp_g", "nexphist_r", "cosky_z", "trans_i", "wise_nobs", "ext_w4",
            "survey_primary", "in_desi", "area", "galdepth_z"} <= set(names)  # fmt: skip
    assert bricks(embedded_survey)["nexphist_r"].shape[1] == 11
