"""Parents and their splits against brute force, and the cuts against plain numpy."""

import hpgeom
import numpy as np
import polars as pl
import pytest
from scipy.spatial import cKDTree

ORIGINAL_CUTS = {
    "v1_pure_massive": (20.0, 0.5, 1.6),
    "v2_baseline_dr10": (20.4, 0.4, 1.6),
    "v3_color_relaxed": (20.4, 0.4, 0.8),
    "v4_mag_relaxed": (21.0, 0.4, 0.8),
    "v5_very_relaxed": (21.5, 0.3, 0.8),
}


@pytest.fixture(scope="module")
def parents(catalogue):
    return catalogue.table("select * from parent_galaxies")


@pytest.fixture(scope="module")
def sources(catalogue):
    return catalogue.table("select brickid, objid, type, flux_r, flux_z, flux_w1 from stg_sources")


def unit_vectors(table):
    ra, dec = np.radians(table["ra"].to_numpy()), np.radians(table["dec"].to_numpy())
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


def test_every_split_and_the_buffer_have_members(parents):
    assert set(parents["region_split"]) == {"train", "val", "test", "buffer"}


def test_no_two_galaxies_of_different_splits_are_within_the_buffer(parents):
    used = parents.filter(pl.col("region_split") != "buffer")
    tree = cKDTree(unit_vectors(used))
    pairs = tree.query_pairs(2 * np.sin(np.radians(30 / 3600) / 2), output_type="ndarray")
    split = used["region_split"].to_numpy()
    assert len(pairs) > 1000, "the test needs pairs to look at"
    assert (split[pairs[:, 0]] == split[pairs[:, 1]]).all()


def test_split_is_that_of_the_galaxy_s_own_cell(catalogue, parents):
    split = dict(catalogue.rows("select cell, split from split_cells"))
    cells = hpgeom.angle_to_pixel(8, parents["ra"].to_numpy(), parents["dec"].to_numpy())
    own = np.array([split[cell] for cell in cells])
    is_used = (parents["region_split"] != "buffer").to_numpy()
    assert (own[is_used] == parents["region_split"].to_numpy()[is_used]).all()


def test_buffer_is_what_lies_within_thirty_arcsec_of_another_split(catalogue, parents):
    split = dict(catalogue.rows("select cell, split from split_cells"))
    ra, dec = parents["ra"].to_numpy(), parents["dec"].to_numpy()
    own = hpgeom.angle_to_pixel(8, ra, dec)
    reaches = {29.5: np.zeros(len(ra), bool), 30.5: np.zeros(len(ra), bool)}
    for radius, reached in reaches.items():
        for bearing in np.linspace(0, 2 * np.pi, 720, endpoint=False):
            point_dec = np.clip(dec + radius / 3600 * np.cos(bearing), -90, 90)
            step = radius / 3600 * np.sin(bearing) / np.maximum(np.cos(np.radians(dec)), 1e-9)
            cells = hpgeom.angle_to_pixel(8, np.mod(ra + step, 360), point_dec)
            differs = np.flatnonzero(cells != own)
            others = np.array([split[c] != split[o] for c, o in zip(cells, own, strict=True)])
            reached[differs] |= others[differs]
    # The flat step is good to a few per cent of the radius except at the pole itself.
    is_buffer = (parents["region_split"] == "buffer").to_numpy()
    is_polar = np.abs(dec) > 89.5
    assert (is_buffer | ~reaches[29.5] | is_polar).all()
    assert (~is_buffer | reaches[30.5] | is_polar).all()


def passes_original(sources, variant):
    """The cuts of an original variant in plain numpy."""
    z_max, rz_min, zw1_min = ORIGINAL_CUTS[variant]
    flux = {band: sources[f"flux_{band}"].to_numpy().astype(float) for band in ("r", "z", "w1")}
    passes = np.all([np.isfinite(f) & (f > 0) for f in flux.values()], axis=0)
    passes &= ~sources["type"].is_in(["PSF", "DUP"]).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        mag = {band: 22.5 - 2.5 * np.log10(f) for band, f in flux.items()}
    passes &= (mag["z"] < z_max) & (mag["r"] - mag["z"] > rz_min)
    return passes & (mag["z"] - mag["w1"] > zw1_min)


@pytest.mark.parametrize("variant", ORIGINAL_CUTS)
def test_variants_select_what_their_cuts_say(parents, sources, variant):
    in_parents = passes_original(sources, "v3_color_relaxed")
    selected = sources.filter(in_parents & passes_original(sources, variant))
    flagged = parents.filter(pl.col(f"is_{variant}")).select("brickid", "objid")
    assert flagged.height > 50
    assert set(flagged.iter_rows()) == set(selected.select("brickid", "objid").iter_rows())


def test_galaxies_near_known_lenses_are_flagged_and_no_others(catalogue, parents):
    lenses = catalogue.table("select ra, dec from stg_known_lenses")
    distance, _ = cKDTree(unit_vectors(lenses)).query(unit_vectors(parents))
    is_near = 2 * np.degrees(np.arcsin(distance / 2)) * 3600 <= 20.0
    assert 10 < is_near.sum() < len(parents) / 2
    assert (is_near == parents["is_near_known_lens"].to_numpy()).all()


def test_funnel_accounts_for_every_source(catalogue):
    total, parents = catalogue.rows(
        "select (select count(*) from stg_sources), (select count(*) from parent_galaxies)"
    )[0]
    cut, out = catalogue.rows(
        "select sum(n_cut), sum(n_out) filter (where is_last_cut) from parent_funnel"
    )[0]
    assert cut + out == total
    assert out == parents > 0


def test_host_candidates_are_parents_that_are_no_buffer_and_no_lens(catalogue, parents):
    allowed = parents.filter((pl.col("region_split") != "buffer") & ~pl.col("is_near_known_lens"))
    hosts = catalogue.rows("select brickid, objid from host_candidates")
    assert set(hosts) == set(allowed.select("brickid", "objid").iter_rows())


def test_funnel_counts_each_source_under_the_first_cut_that_it_fails(catalogue):
    """Cut by cut and brick group by brick group, against the cuts of v3 in numpy, one at a time."""
    sources = catalogue.table("select brickid, type, flux_r, flux_z, flux_w1 from stg_sources")
    bricks = catalogue.table(
        "select brickid, brick_group, region_id is not null as is_usable, region_id in"
        " (select region_id from region_selections) as is_selected"
        " from stg_bricks left join bricks_with_region using (brickid)"
    )
    sources = sources.join(bricks, on="brickid")
    with np.errstate(invalid="ignore", divide="ignore"):
        mag = {
            band: 22.5 - 2.5 * np.log10(sources[f"flux_{band}"].to_numpy().astype(float))
            for band in ("r", "z", "w1")
        }
    passes = [
        sources["is_usable"].to_numpy(),
        sources["is_selected"].fill_null(False).to_numpy(),
        np.all([np.isfinite(values) for values in mag.values()], axis=0),
        mag["z"] < 20.4,
        mag["r"] - mag["z"] > 0.4,
        mag["z"] - mag["w1"] > 0.8,
        ~sources["type"].is_in(["PSF", "DUP"]).to_numpy(),
    ]
    fails = ~np.array(passes)
    first = np.where(fails.any(axis=0), fails.argmax(axis=0) + 1, 0)
    counted = sources.select("brick_group").with_columns(cut_order=pl.Series(first))
    expected = counted.filter(pl.col("cut_order") > 0).group_by("brick_group", "cut_order").len()
    funnel = catalogue.rows(
        "select brick_group, cut_order, n_cut from parent_funnel where n_cut > 0"
    )
    assert {cut for _, cut, _ in funnel} >= {4, 5, 6}, "the limit in magnitude and both colours"
    assert set(funnel) == set(expected.iter_rows())
