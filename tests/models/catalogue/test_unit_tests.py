"""dbt's unit tests say which vars they need: they hold whatever a run chooses."""

import json

import pytest

pytestmark = pytest.mark.nightly


STAGES = ("staging", "regions", "parents", "manifests", "pools", "finder")
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
# Of all vars that the models with unit tests here depend on, values to either side of the default.
OTHER_VALUES = {
    "less": {
        "regions_cut_by_cell": False,
        "region_link_deg": 0.1,
        "split_nside": 4,
        "split_train_fraction": 0.3,
        "split_val_fraction": 0.3,
        "brick_max_ebv_mag": 0.01,
        "brick_max_psfsize_r_arcsec": 1.0,
        "brick_min_psfdepth_r_mag": 22,
        "ab_zp_nmgy": 20,
        "known_lens_dedup_arcsec": 0.1,
        "parent_variant": "v1_pure_massive",
        "lrg_magnitudes": "dereddened",
        "grid_src_n": 0.5,
        "pool_rule_set": "original",
        "pool_match_radius_arcsec": 1,
        "pool_negatives_per_positive": 1,
        "pool_n1_fraction": 0.1,
    },
    "more": {
        "region_link_deg": 90,
        "split_nside": 64,
        "split_train_fraction": 0.1,
        "split_val_fraction": 0.1,
        "brick_max_ebv_mag": 1,
        "brick_max_psfsize_r_arcsec": 3,
        "brick_min_psfdepth_r_mag": 26,
        "ab_zp_nmgy": 31.4,
        "known_lens_dedup_arcsec": 3000,
        "parent_variant": "desi_lrg_south",
        "lrg_magnitudes": "raw",
        "grid_src_n": 4,
        "pool_match_radius_arcsec": 20,
        "pool_cluster_lists": True,
        "pool_negatives_per_positive": 1000,
        "pool_n1_fraction": 1,
    },
}


@pytest.fixture(scope="module")
def with_pools(catalogue, tmp_path_factory):
    """A lake with what unit tests of the catalogue stages, the pools and the finder read."""
    scratch = catalogue.copy(tmp_path_factory.mktemp("unit_tests"))
    pools = scratch.dbt("build", "--select", "path:seeds/pools", "pools", *NO_TESTS)
    assert pools.returncode == 0, pools.stdout[-4000:]
    with scratch.connect(read_only=False) as connection:
        connection.execute(
            "create table baseline_scores as"
            " select 'b' as galaxy_id, 'mine' as finder, 0.2::double as score"
        )
        connection.execute(
            "insert into raw_finder_scores values ('cutout', 'b', 'mine', 0.2, 'made up')"
        )
    return scratch


@pytest.mark.parametrize("values", OTHER_VALUES)
def test_unit_tests_hold_with_other_vars_than_the_projects(with_pools, values):
    selected = [f"{stage},test_type:unit" for stage in STAGES]
    settings = json.dumps(OTHER_VALUES[values])
    finished = with_pools.dbt("test", "--select", *selected, "--vars", settings)
    assert finished.returncode == 0, finished.stdout[-4000:]
    results = json.loads((with_pools.folder / "target" / "run_results.json").read_text())["results"]
    stages_met = {one["unique_id"].split(".")[2] for one in results}
    assert {"stg_sources", "bricks_with_region", "lens_matches", "finder_performance"} <= stages_met
