"""Negatives, their funnel and their pools, against the same rules in numpy."""

import hashlib

import astropy.units as u
import hpgeom
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

MASK_BITS = (1, 5, 6, 7, 11, 12, 13)
TYPES = ("SER", "DEV", "REX", "EXP")
LIMITS = {
    "paper_iv": {"z_mag": 20.0, "radius": 20.0, "ebv": np.inf},
    "original": {"z_mag": 21.0, "radius": 10.0, "ebv": 0.15},
}


def in_footprint(rule_set, ra, dec):
    if rule_set == "original":
        return (dec > -18) & (dec < 32)
    b = SkyCoord(ra * u.deg, dec * u.deg).galactic.b.deg
    return (dec < 32.375) | (b < 0)


def nearest_lens_arcsec(catalogue, ra, dec):
    lenses = SkyCoord(catalogue.rows("select ra, dec from stg_known_lenses") * u.deg)
    return SkyCoord(ra * u.deg, dec * u.deg).match_to_catalog_sky(lenses)[1].arcsec


def first_failing(catalogue, rule_set):
    """Name of the first cut that each source fails, '' for none."""
    s, limits = catalogue.sources, LIMITS[rule_set]
    good = np.isfinite(s["ra"]) & np.isfinite(s["dec"])
    ra, dec = np.where(good, s["ra"], 0.0), np.where(good, s["dec"], 0.0)
    has_flux = np.isfinite(s["flux_z"]) & (s["flux_z"] > 0)
    with np.errstate(invalid="ignore"):
        z_mag = 22.5 - 2.5 * np.log10(s["flux_z"].astype("f8"))
    exposures = np.minimum.reduce([s[f"nobs_{band}"] for band in "grz"])
    fails = {
        "coordinates": ~good,
        "footprint": ~in_footprint(rule_set, ra, dec),
        "type": ~np.isin(s["type"], TYPES),
        "mask": (s["maskbits"] & sum(1 << bit for bit in MASK_BITS)) != 0,
        "exposures": exposures < 3,
        "flux_z": ~has_flux if rule_set == "paper_iv" else np.zeros_like(good),
        "z_mag": has_flux & ~(z_mag < limits["z_mag"]),
        "known_lens": nearest_lens_arcsec(catalogue, ra, dec) <= limits["radius"],
        "extinction": s["ebv"] > limits["ebv"],
    }
    first = np.full(len(ra), "", dtype="U16")
    for name in reversed(fails):
        first[fails[name]] = name
    return first


@pytest.mark.parametrize("rule_set", ["paper_iv", "original"])
def test_funnel_counts_each_source_under_its_first_failing_cut(rule_set, request):
    catalogue = request.getfixturevalue(rule_set)
    names, counts = np.unique(first_failing(catalogue, rule_set), return_counts=True)
    expected = {name: int(n) for name, n in zip(names, counts, strict=True) if name}
    rows = catalogue.rows(
        "select cut_name, n_rejected from negative_funnel"
        " where n_rejected > 0 and cut_name <> 'n1_type'"
    )
    assert dict(rows) == expected


@pytest.mark.parametrize("rule_set", ["paper_iv", "original"])
def test_candidates_are_the_sources_that_fail_nothing(rule_set, request):
    catalogue = request.getfixturevalue(rule_set)
    passing = np.flatnonzero(first_failing(catalogue, rule_set) == "")
    rows = catalogue.rows("select brickid, objid from candidate_pools order by all")
    s = catalogue.sources
    assert rows == sorted(zip(s["brickid"][passing], s["objid"][passing], strict=True))


def test_funnel_splits_the_exposures_by_band(paper_iv):
    rows = dict(
        paper_iv.rows("select cut_name, n_failing from negative_funnel where is_diagnostic")
    )
    assert rows == {
        f"exposures_{band}": int((paper_iv.sources[f"nobs_{band}"] < 3).sum()) for band in "grz"
    }


def test_options_report_what_they_would_take(paper_iv):
    passing = first_failing(paper_iv, "paper_iv") == ""
    s = paper_iv.sources
    expected = {
        "extinction": int((s["ebv"] > 0.15)[passing].sum()),
        "seeing": int((s["psfsize_r"] > 1.6)[passing].sum()),
        "fracflux": int((s["fracflux_r"] > 0.5)[passing].sum()),
    }
    rows = paper_iv.rows(
        "select cut_name, n_lost_if_applied from negative_funnel"
        f" where cut_name in {tuple(expected)} and not is_applied"
    )
    assert dict(rows) == expected


def test_exp_is_a_negative_of_the_paper_only_as_a_confuser(paper_iv):
    rows = paper_iv.rows("select distinct pool from negative_candidates where type = 'EXP'")
    assert rows == [("N2",)]
    ((n_left,),) = paper_iv.rows("select count(*) from candidate_pools where pool is null")
    ((n_rejected,),) = paper_iv.rows(
        "select n_rejected from negative_funnel where cut_name = 'n1_type'"
    )
    assert n_rejected == n_left > 0


def test_flux_without_a_magnitude_passes_only_the_original(paper_iv, original):
    query = "select count(*) from negative_candidates where zmag is null"
    assert paper_iv.rows(query) == [(0,)]
    assert original.rows(query)[0][0] > 0


def test_merger_partners_are_pairs_of_like_colour(paper_iv):
    """Brute force over the galaxies that may be partners, with astropy's separations."""
    rows = paper_iv.columns(
        "select brickid, objid, ra, dec, flux_z, gmag_mw - rmag_mw as gr, rmag_mw - zmag_mw as rz"
        " from stg_sources where type in ('SER', 'DEV', 'REX', 'EXP')"
        " and isfinite(flux_z) and flux_z > 10 * 0.25 and isfinite(ra)"
    )
    position = SkyCoord(rows["ra"] * u.deg, rows["dec"] * u.deg)
    expected = set()
    for i in range(len(position)):
        is_near = position[i].separation(position).arcsec <= 5
        is_near[i] = False
        is_like = (abs(rows["gr"] - rows["gr"][i]) <= 0.2) & (
            abs(rows["rz"] - rows["rz"][i]) <= 0.2
        )
        if np.any(is_near & is_like & (rows["flux_z"] >= 0.25 * rows["flux_z"][i])):
            expected.add((rows["brickid"][i], rows["objid"][i]))
    assert set(paper_iv.rows("select brickid, objid from merger_partners")) == expected
    assert expected


def test_original_split_is_that_of_its_sha256(original):
    rows = original.rows("select ra, dec, healpix_128, split from negative_candidates limit 200")
    for ra, dec, cell, split in rows:
        assert cell == hpgeom.angle_to_pixel(128, ra, dec)
        draw = int(hashlib.sha256(f"{cell}_42".encode()).hexdigest()[:8], 16) / 2**32
        assert split == ("train" if draw < 0.70 else "val" if draw < 0.85 else "test")


def test_all_sources_of_the_original_confuser_rules_are_named(original):
    rows = original.rows(
        "select confuser_category, count(*), bool_and(type = 'DEV'), bool_and(type = 'EXP')"
        " from negative_candidates where pool = 'N2' group by all"
    )
    named = {row[0]: row[1:] for row in rows}
    assert named["ring_proxy"][1]
    assert named["edge_on_proxy"][2]
    assert named["blue_clumpy"][0] > 0
