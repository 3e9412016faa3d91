"""The list of known lenses and the lenses behind it."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from ingest.embedded.layout import sites
from ingest.embedded.lenses import LIST_COLUMNS, draw_lenses
from ingest.embedded.populations import SOURCE
from tests.ingest.embedded.test_layout import split
from tests.places import REAL
from tests.support.embedded_files import is_v3, lenses, sources


@pytest.fixture(scope="module")
def listed(embedded_survey):
    return lenses(embedded_survey)


@pytest.fixture(scope="module")
def places(listed):
    return SkyCoord(listed["RA [deg]"], listed["DEC [deg]"], unit="deg")


@pytest.fixture(scope="module")
def nearest(embedded_survey, places):
    """Nearest source of each listed lens: its row, and how far it is."""
    rows = sources(embedded_survey)
    index, separation, _ = places.match_to_catalog_sky(
        SkyCoord(rows["RA"], rows["DEC"], unit="deg")
    )
    return rows[index], separation.arcsec


def test_columns_are_lenscats(embedded_survey):
    first = (embedded_survey / "known_lenses.csv").read_text().splitlines()[0]
    assert tuple(first.split(",")) == LIST_COLUMNS
    if REAL.is_dir():
        assert first == (REAL / "lenscat/catalog.csv").read_text().splitlines()[0]


def test_at_least_240_lenses_lie_on_lrgs_of_healthy_bricks(nearest):
    rows, arcsec = nearest
    healthy = [site.brick.name for site in sites() if site.is_healthy]
    is_planted = (arcsec < 1.5) & np.isin(rows["BRICKNAME"], healthy) & is_v3(rows)
    hosts = np.unique(rows[is_planted][["BRICKID", "OBJID"]])
    assert len(hosts) >= 240
    counts = {name: 0 for name in ("train", "val", "test")}
    for row in rows[is_planted]:
        counts[split(row["RA"], row["DEC"])] += 1
    assert min(counts.values()) >= 30


def test_some_lenses_are_listed_twice_within_two_arcseconds(places):
    first, second, _, _ = places.search_around_sky(places, 2 * units.arcsec)
    assert 5 <= (first < second).sum() <= 40


def test_clusters_are_among_them_some_typed_as_galaxies(listed):
    is_cluster = listed["ref"] == "https://arxiv.org/abs/astro-ph/0406123"
    assert set(listed["type"][is_cluster]) == {"cluster", "galaxy"}
    assert set(listed["type"][~is_cluster]) == {"galaxy"}


def test_some_lenses_match_nothing_in_and_outside_of_the_footprint(listed, nearest):
    is_far = nearest[1] > 60
    assert is_far.sum() >= 3
    assert (listed["DEC [deg]"][is_far] > 32.375).any()
    assert (listed["DEC [deg]"][is_far] < 32.375).any()


def test_gradings_and_redshifts_are_texts_of_all_kinds(listed):
    assert set(listed["grading"]) == {"confident", "probable"}
    assert {"not measured", "-"} <= set(listed["zlens"])
    assert any(" | " in text for text in listed["zlens"])


def test_systems_are_ones_that_the_survey_could_find():
    hosts = np.zeros(400, SOURCE)
    hosts["is_lens"] = True
    found = draw_lenses(hosts, np.zeros(400), "any brick")
    assert len(found) == 400
    assert ((found["theta_e"] >= 0.9) & (found["theta_e"] <= 2.2)).all()
    assert (np.hypot(found["src_x"], found["src_y"]) < 0.6 * found["theta_e"] + 1e-12).all()
    g_r = -2.5 * np.log10(found["flux_g"] / found["flux_r"])
    assert np.mean(g_r) == pytest.approx(0.2, abs=0.02)  # 0.1 / sqrt(400) = 0.005
