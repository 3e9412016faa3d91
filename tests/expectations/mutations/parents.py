"""What breaks the suites of `parents`."""

CHANGES = {
    "brick_selections": {
        "a_row_counts_sources": (
            "n_sources = 0 where failed_cut = 5",
            "every_source_is_judged_once",
        ),
        "passed_sources_are_listed_and_no_others": "passed = null where failed_cut = 0",
        "every_source_is_judged_once": "n_sources = n_sources + 1 where failed_cut = 5",
        "sources_that_pass_are_those_of_the_seed": (
            "failed_cut = 6, passed = null where failed_cut = 0 and brickid = 1"
        ),
    },
    "parent_sources": {
        "every_source_that_passes_is_there_and_no_other": (
            "insert into parent_sources select brickid, objid, ra, dec from stg_sources"
            " where type = 'PSF' limit 1"
        ),
        "position_is_that_of_the_source": "ra = ra + 1e-6 where brickid = 1",
    },
    "border_splits": {
        "galaxy_is_a_source": (
            "objid = 77 where objid = 0",
            "every_galaxy_of_a_border_brick_is_there",
        ),
        "brick_is_at_a_border": (
            "insert into border_splits select brickid, objid, region_split"
            " from parent_galaxies where brickid = 5 limit 1"
        ),
        "every_galaxy_of_a_border_brick_is_there": "delete from border_splits where objid = 0",
        "has_rows_where_called_for": (
            "delete from border_splits",
            "every_galaxy_of_a_border_brick_is_there",
        ),
    },
    "lens_neighbours": {
        "lens_is_known": ("known_lens_id = 77", "separation_is_that_on_the_sky"),
        "separation_is_that_on_the_sky": "separation_arcsec = separation_arcsec + 1e-5",
        "brick_is_in_a_selected_region": ("brickid = 77", "separation_is_that_on_the_sky"),
        "has_rows_where_called_for": "delete from lens_neighbours",
    },
    "parent_galaxies": {
        "galaxy_is_of_the_parent_variant": (
            "is_v3_color_relaxed = false where objid = 0 and brickid = 1",
            "flags_follow_their_cuts",
        ),
        "flags_follow_their_cuts": "is_desi_lrg_south = true where brickid = 1 and objid = 0",
        "v1_pure_massive_lies_in_v2_baseline_dr10": (
            "is_v1_pure_massive = true where not is_v2_baseline_dr10",
            "flags_follow_their_cuts",
        ),
        "v2_baseline_dr10_lies_in_v3_color_relaxed": (
            "is_v2_baseline_dr10 = true, is_v3_color_relaxed = false where brickid = 1",
            "flags_follow_their_cuts",
            "galaxy_is_of_the_parent_variant",
        ),
        "v3_color_relaxed_lies_in_v4_mag_relaxed": (
            "is_v4_mag_relaxed = false where brickid = 1",
            "flags_follow_their_cuts",
        ),
        "v4_mag_relaxed_lies_in_v5_very_relaxed": (
            "is_v5_very_relaxed = false where brickid = 1",
            "flags_follow_their_cuts",
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
        "galaxy_near_a_known_lens_is_marked": (
            "is_near_known_lens = false",
            "marked_galaxies_are_the_neighbours",
        ),
        "marked_galaxies_are_the_neighbours": (
            "is_near_known_lens = true where brickid = 1 and objid = 2"
        ),
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
