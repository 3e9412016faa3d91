"""Known lenses against a brute-force match of the same catalogue."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord, search_around_sky

MATCH_RADIUS_ARCSEC = 5.0


def lens_source_pairs(catalogue, radius_arcsec):
    """{lens id: [(separation, source index), ...] nearest first} from astropy, clusters left out."""
    rows = catalogue.rows(
        "select known_lens_id, ra, dec from stg_known_lenses where not is_cluster_list"
    )
    lens_ids, lenses = [row[0] for row in rows], [row[1:] for row in rows]
    sources = catalogue.sources
    finite = np.flatnonzero(np.isfinite(sources["ra"]))
    i, j, separation, _ = search_around_sky(
        SkyCoord(lenses * u.deg),
        SkyCoord(sources["ra"][finite] * u.deg, sources["dec"][finite] * u.deg),
        radius_arcsec * u.arcsec,
    )
    near = {}
    for lens, source, distance in zip(i, j, separation.arcsec, strict=True):
        near.setdefault(lens_ids[lens], []).append((float(distance), int(finite[source])))
    return {lens: sorted(pairs) for lens, pairs in near.items()}


def test_every_known_lens_is_a_row(paper_iv):
    ((n_lenses, n_rows, n_distinct),) = paper_iv.rows(
        "select (select count(*) from stg_known_lenses), count(*), count(distinct known_lens_id)"
        " from positives"
    )
    assert n_lenses == n_rows == n_distinct > 100


def test_matches_are_the_nearest_sources_one_to_one(paper_iv):
    near = lens_source_pairs(paper_iv, MATCH_RADIUS_ARCSEC)
    claims = {lens: pairs[0] for lens, pairs in near.items()}
    holders = {}
    for lens, (distance, source) in claims.items():
        holders.setdefault(source, []).append((distance, lens))
    expected = {min(claimants)[1]: source for source, claimants in holders.items()}
    rows = paper_iv.rows("select known_lens_id, brickid, objid from positives where is_matched")
    brickid, objid = paper_iv.sources["brickid"], paper_iv.sources["objid"]
    assert {row[0]: row[1:] for row in rows} == {
        lens: (brickid[source], objid[source]) for lens, source in expected.items()
    }
    assert len(expected) < len(claims), "the catalogue has sources that two lenses claim"


def test_lenses_without_a_match_say_why(paper_iv):
    near = lens_source_pairs(paper_iv, MATCH_RADIUS_ARCSEC)
    rows = paper_iv.rows(
        "select known_lens_id, reason_code from positives"
        " where not is_matched and not is_cluster_list"
    )
    reasons = {"source_claimed": set(), "no_source_in_radius": set(), "outside_bricks": set()}
    for lens, reason in rows:
        reasons[reason].add(lens)
    assert all(reasons.values())
    assert reasons["source_claimed"] <= set(near)
    assert not (reasons["no_source_in_radius"] | reasons["outside_bricks"]) & set(near)


def test_lenses_match_across_the_seam_and_at_the_pole(paper_iv):
    ((across_seam, near_pole),) = paper_iv.rows(
        "select count(*) filter (where abs(match_ra - pos_catalog_ra) > 359),"
        " count(*) filter (where match_dec < -89.9) from positives where is_matched"
    )
    assert near_pole > 5
    assert across_seam == 1


def test_positives_pass_the_cuts_of_the_negatives_or_say_which_they_fail(paper_iv, original):
    flags = "fails_type or fails_mask or fails_exposures or fails_flux_z or fails_z_mag"
    query = f"select count(*) filter (where {flags}), count(*) from positives where is_positive"
    ((n_failing, n_positives),) = paper_iv.rows(query)
    assert (n_failing, n_positives > 0) == (0, True)
    ((n_failing, n_positives),) = original.rows(query)
    assert n_positives > n_failing > 0, "the original did not cut its positives"


def test_rows_of_cluster_catalogues_are_no_positives_and_keep_negatives_away(paper_iv):
    rows = paper_iv.rows("select reason_code, is_matched from positives where is_cluster_list")
    assert set(rows) == {("cluster_list", False)}
    ((n_near,),) = paper_iv.rows(
        "select count(*) from sources_near_lenses semi join"
        " (select * from stg_known_lenses where is_cluster_list) using (known_lens_id)"
    )
    assert n_near > 0


@pytest.mark.parametrize("rule_set", ["paper_iv", "original"])
def test_grade_that_no_rule_names_is_the_reason(rule_set, request):
    catalogue = request.getfixturevalue(rule_set)
    rows = catalogue.rows(
        "select distinct reason_code from positives where grading = 'D' and is_matched"
    )
    assert rows == [("grade_unknown",)]


def test_tiers_and_weights_follow_the_grade(original):
    rows = original.rows("select distinct grading, tier, weight, sample_weight from positives")
    assert set(rows) == {
        ("confident", "A", 0.95, 1.0),
        ("probable", "B", 0.5, 0.5),
        ("D", None, None, None),
    }
