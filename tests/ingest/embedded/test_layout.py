"""Where the embedded survey looks: splits, regions' material, troubles."""

import hashlib
from collections import Counter

import hpgeom
import numpy as np
import pytest

from ingest.embedded.astrometry import primary_pixels
from ingest.embedded.exposures import BANDS, condition_maps, window
from ingest.embedded.layout import BROKEN, Trouble, sites
from tests.support.embedded_files import bricks, is_v3, sources


def keyed_uniform(pixel):
    text = f"13|8/{pixel}|split".encode()
    return int(hashlib.md5(text).hexdigest()[:13], 16) / 2**52


def split(ra, dec):
    """The project's split of a position, from its definition (docs/decisions/split_in_blocks.md)."""
    pixel = int(hpgeom.angle_to_pixel(8, ra, dec, nest=True, lonlat=True))
    block = range(pixel // 60 * 60, min(pixel // 60 * 60 + 60, 768))
    rank = sorted(block, key=keyed_uniform).index(pixel)
    draw = (rank + keyed_uniform(pixel)) / len(block)
    return "train" if draw < 0.70 else "val" if draw < 0.85 else "test"


def test_bricks_are_there_once():
    names = Counter(site.brick.name for site in sites())
    assert len(names) > 300
    assert max(names.values()) == 1


def test_each_split_has_at_least_four_healthy_pixel_bricks():
    healthy = [site for site in sites() if site.is_healthy]
    counts = Counter(split(site.brick.ra, site.brick.dec) for site in healthy)
    assert min(counts[name] for name in ("train", "val", "test")) >= 4


def test_each_trouble_is_there_once():
    counts = Counter(site.trouble for site in sites() if site.has_pixels)
    assert {trouble: counts[trouble] for trouble in Trouble if trouble is not Trouble.NONE} == {
        trouble: 1 for trouble in Trouble if trouble is not Trouble.NONE
    }


def test_no_two_pixel_bricks_overlap():
    found = [site.brick for site in sites() if site.has_pixels]
    for index, first in enumerate(found):
        for second in found[index + 1 :]:
            d_ra = abs((first.ra - second.ra + 180) % 360 - 180)
            assert d_ra > 0.4 or abs(first.dec - second.dec) > 0.3


def test_a_pixel_brick_touches_ra_0():
    assert any(site.brick.ra1 == 0 or site.brick.ra2 == 360 for site in sites() if site.is_healthy)


def test_conditions_step_across_a_brick_and_differ_between_bricks():
    healthy = [site for site in sites() if site.is_healthy]
    for site in healthy[:4]:
        maps = condition_maps(site, "r")
        assert len(np.unique(maps.psfsize[maps.psfsize > 0])) >= 5
        assert len(np.unique(maps.n_exposures)) >= 4
    medians = [np.median(condition_maps(site, "r").psfsize) for site in healthy[:6]]
    assert np.std(medians) > 0.05


@pytest.mark.parametrize("band", BANDS)
def test_psfsize_is_zero_exactly_where_no_exposure_is(band):
    site = next(site for site in sites() if site.is_healthy)
    maps = condition_maps(site, band)
    assert np.array_equal(maps.psfsize > 0, maps.n_exposures > 0)
    assert np.array_equal(maps.sky_invvar > 0, maps.n_exposures > 0)


def test_coverage_reaches_into_the_bricks_own_box():
    for site in [site for site in sites() if site.has_pixels][::6]:
        box = window(site)
        is_covered = condition_maps(site, "z").n_exposures > 0
        assert (is_covered & primary_pixels(site.brick)[box.slices]).mean() > 0.5


def test_lrgs_of_usable_bricks_lie_where_there_are_pixels(embedded_survey):
    table, rows = bricks(embedded_survey), sources(embedded_survey)
    is_usable = (table["ebv"] <= 0.12) & (table["psfsize_r"] <= 1.6) & (table["psfdepth_r"] >= 23.6)
    assert 200 < is_usable.sum() < len(table)
    with_lrgs = set(rows["BRICKNAME"][is_v3(rows)])
    with_pixels = {site.brick.name for site in sites() if site.has_pixels}
    assert with_lrgs & set(table["brickname"][is_usable]) == with_pixels
    assert with_lrgs - set(table["brickname"][is_usable])


@pytest.mark.parametrize("cut", ["ebv", "psfsize_r", "psfdepth_r"])
def test_bricks_fail_each_cut_alone(embedded_survey, cut):
    table = bricks(embedded_survey)
    fails = {
        "ebv": table["ebv"] > 0.12,
        "psfsize_r": table["psfsize_r"] > 1.6,
        "psfdepth_r": table["psfdepth_r"] < 23.6,
    }
    others = [name for name in fails if name != cut]
    assert (fails[cut] & ~fails[others[0]] & ~fails[others[1]]).any()


def test_broken_bricks_hold_nothing_that_a_training_sample_could_ask_for(embedded_survey):
    rows = sources(embedded_survey)
    broken = [site.brick.name for site in sites() if site.trouble in BROKEN]
    part = rows[np.isin(rows["BRICKNAME"], broken)]
    galaxies = part[part["TYPE"] != "PSF"]
    assert len(galaxies) > 50
    assert (galaxies["FLUX_Z"] < 10 ** (-0.4 * (20.0 - 22.5))).all()
