"""What breaks the suites of `regions`."""

CHANGES = {
    "split_cells": {
        "sky_is_covered_once": "cell = 768 where cell = 767",
        "split_follows_its_draw": (
            "split = case split when 'val' then 'test' else 'val' end"
            " where cell in (select min(cell) from split_cells where split <> 'train' group by split)"
        ),
        "every_split_has_members": (
            "split = 'val', split_u = 0.75 where split = 'test'",
            "blocks_have_the_shares_asked_for",
        ),
        "blocks_have_the_shares_asked_for": "split = 'train', split_u = 0.1 where cell // 60 = 3",
    },
    "brick_counts": {
        "variants_are_nested": "n_lrg_v1 = -1 where brickid = 1",
        "every_source_is_counted_in_its_brick": "delete from brick_counts where brickid = 1",
    },
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
