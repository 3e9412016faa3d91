"""For every rule that is not about one column: a change to the small lake that breaks it.

``{table: {check: change}}``. A change is what stands after ``update <table> set``, or a whole
statement; a tuple also names the other checks that it must break.
"""

STAGING = {
    "stg_sources": {
        "row_of_file_stands_once": "row_index = 13 where brickid = 1 and objid = 2",
        "every_row_read_is_accounted_for": "n_duplicates = 0",
        "gmag_follows_flux": "gmag = 20.1 where brickid = 1 and objid = 2",
        "rmag_follows_flux": "rmag = rmag + 1e-6 where brickid = 1 and objid = 2",
        "zmag_follows_flux": "flux_z = 'nan' where brickid = 1 and objid = 2",
        "w1mag_follows_flux": "w1mag = null where brickid = 1 and objid = 2",
    },
    "stg_bricks": {
        "brickname_is_unique": "brickname = '0102p002' where brickid = 2",
        "centre_lies_inside": "ra = 11 where brickid = 1",
        "area_follows_corners": "area_deg2 = 0.07 where brickid = 1",
        "every_brick_read_is_there": "delete from stg_bricks where brickid = 6",
    },
    "stg_known_lenses": {
        "every_entry_with_a_position_is_accounted_for": "n_entries = 1",
        "lens_stands_once": "ra = 10.2101, dec = 0.23 where known_lens_id = 2",
    },
    "stg_ingest_outcomes": {
        "reason_where_not_ok": "reason_code = null where not is_ok",
        "reason_code_is_known": "reason_code = 'because' where not is_ok",
        "every_attempt_is_accounted_for": "n_attempts = 2 where is_ok",
    },
}

REGIONS = {
    "bricks_with_region": {
        "brick_passes_the_cuts": "psfsize_r = 1.7 where brickid = 1",
        "variants_are_nested": "n_lrg_v4 = 5 where brickid = 1",
        "density_is_count_over_area": "lrg_density_v3 = n_lrg_v3 where brickid = 1",
        "every_usable_brick_with_sources_is_there": (
            "delete from bricks_with_region where brickid = 6"
        ),
        "region_lies_in_one_cell": "cell = 7 where brickid = 1",
    },
    "region_metrics": {
        "n_bricks_is_that_of_the_bricks": "n_bricks = 3 where region_id = 0",
        "area_deg2_is_that_of_the_bricks": "area_deg2 = 1 where region_id = 0",
        "n_gal_total_is_that_of_the_bricks": "n_gal_total = 3 where region_id = 0",
        **{
            f"n_lrg_v{v}_total_is_that_of_the_bricks": f"n_lrg_v{v}_total = 77 where region_id = 0"
            for v in range(1, 6)
        },
        "split_follows_its_draw": "split_u = 0.9 where region_id = 0",
        "every_split_has_members": ("region_split = 'train', split_u = 0.1 where region_id = 2",),
        "cell_has_one_split": "cell = 0",
    },
    "region_selections": {
        "every_set_has_every_split": (
            "delete from region_selections"
            " where selection_set_id = 'topk_density_k100' and region_id = 2"
        ),
        "region_has_its_own_split": (
            "insert into region_selections select * replace (77 as region_id, 2 as region_rank,"
            " -1 as score_density, -1 as score_n_lrg, -1 as score_area_weighted,"
            " -1 as score_psf_weighted) from region_selections"
            " where selection_set_id = 'topk_density_k100' and region_id = 2"
        ),
        "ranks_count_up_by_score": "region_rank = 2 where region_id = 0",
        "no_set_takes_more_than_its_number": (
            "insert into region_selections select * exclude (i) replace (1000 + i as region_id,"
            " 2 + i as region_rank, 10 as score_density) from region_selections"
            " cross join (select range as i from range(100))"
            " where selection_set_id = 'topk_density_k100' and region_split = 'train'",
            "region_has_its_own_split",
        ),
    },
}

PARENTS = {
    "parent_galaxies": {
        "galaxy_is_of_the_parent_variant": (
            "is_v3_color_relaxed = false where objid = 0 and brickid = 1",
            "is_v3_color_relaxed_follows_its_cuts",
        ),
        "is_v1_pure_massive_follows_its_cuts": (
            "is_v1_pure_massive = not is_v1_pure_massive",
            "v1_pure_massive_lies_in_v2_baseline_dr10",
        ),
        "is_v2_baseline_dr10_follows_its_cuts": (
            "is_v2_baseline_dr10 = true where not is_v2_baseline_dr10"
        ),
        "is_v3_color_relaxed_follows_its_cuts": (
            "is_v3_color_relaxed = null where brickid = 1 and objid = 0",
            "galaxy_is_of_the_parent_variant",
        ),
        "is_v4_mag_relaxed_follows_its_cuts": (
            "is_v4_mag_relaxed = false where brickid = 1 and objid = 0",
            "v3_color_relaxed_lies_in_v4_mag_relaxed",
        ),
        "is_v5_very_relaxed_follows_its_cuts": (
            "is_v5_very_relaxed = false where brickid = 1 and objid = 0",
            "v4_mag_relaxed_lies_in_v5_very_relaxed",
        ),
        "v1_pure_massive_lies_in_v2_baseline_dr10": (
            "is_v1_pure_massive = true where not is_v2_baseline_dr10",
            "is_v1_pure_massive_follows_its_cuts",
        ),
        "v2_baseline_dr10_lies_in_v3_color_relaxed": (
            "is_v2_baseline_dr10 = true, is_v3_color_relaxed = false where brickid = 1",
            "is_v2_baseline_dr10_follows_its_cuts",
            "is_v3_color_relaxed_follows_its_cuts",
            "galaxy_is_of_the_parent_variant",
        ),
        "v3_color_relaxed_lies_in_v4_mag_relaxed": (
            "is_v4_mag_relaxed = false where brickid = 1",
            "is_v4_mag_relaxed_follows_its_cuts",
        ),
        "v4_mag_relaxed_lies_in_v5_very_relaxed": (
            "is_v5_very_relaxed = false where brickid = 1",
            "is_v5_very_relaxed_follows_its_cuts",
        ),
        "rz_is_a_difference": "rz = rz + 1e-6 where brickid = 1 and objid = 2",
        "zw1_is_a_difference": "zw1 = null where brickid = 1 and objid = 2",
        "rz_mw_is_a_difference": "rmag_mw = null where brickid = 1 and objid = 2",
        "zw1_mw_is_a_difference": "zw1_mw = 1 where brickid = 1 and objid = 2",
        "galaxy_is_in_the_region_of_its_brick": "region_id = 1 where brickid = 1 and objid = 2",
        "region_is_selected": (
            "region_id = 77 where brickid = 1 and objid = 2",
            "galaxy_is_in_the_region_of_its_brick",
        ),
        "every_split_has_members": "region_split = 'buffer' where region_split = 'test'",
        "no_pair_across_splits": (
            "insert into parent_galaxies select * replace ('test' as region_split,"
            " objid + 100 as objid) from parent_galaxies where brickid = 1 and objid = 2"
        ),
        "galaxy_near_a_known_lens_is_marked": "is_near_known_lens = false",
    },
    "parent_funnel": {
        "in_is_cut_and_out": "n_cut = n_cut + 1 where brick_group = '1' and cut_order = 1",
        "out_goes_into_the_next_cut": (
            "n_in = n_in + 1, n_cut = n_cut + 1 where brick_group = '1' and cut_order = 2"
        ),
        "every_source_goes_in": (
            "delete from parent_funnel where brick_group = '1'",
            "every_parent_comes_out",
        ),
        "every_parent_comes_out": (
            "n_out = n_out - 1, n_cut = n_cut + 1 where brick_group = '1' and cut_order = 2"
        ),
    },
}

ALL = STAGING | REGIONS | PARENTS
