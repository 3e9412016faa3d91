-- The three regions are train, val and test; every selection set takes all of them.
create table bricks_with_region as
select
    *,
    ((brickid - 1) // 2)::integer as region_id,
    region_id as cell,
    1 as brick_degree,
    10 as n_gal,
    0 as n_lrg_v1,
    1 as n_lrg_v2,
    2 as n_lrg_v3,
    3 as n_lrg_v4,
    4 as n_lrg_v5,
    n_lrg_v3 / area_deg2 as lrg_density_v3
from stg_bricks;

create table region_metrics as
select
    region_id,
    min(cell) as cell,
    count(*) as n_bricks,
    sum(area_deg2) as area_deg2,
    sum(n_gal)::bigint as n_gal_total,
    sum(n_lrg_v1)::bigint as n_lrg_v1_total,
    sum(n_lrg_v2)::bigint as n_lrg_v2_total,
    sum(n_lrg_v3)::bigint as n_lrg_v3_total,
    sum(n_lrg_v4)::bigint as n_lrg_v4_total,
    sum(n_lrg_v5)::bigint as n_lrg_v5_total,
    0.5e0 as compactness,
    0.8e0 as w_psf,
    0.9e0 as w_depth,
    0.7e0 as w_ebv,
    [0.1e0, 0.8e0, 0.9e0][region_id + 1] as split_u,
    ['train', 'val', 'test'][region_id + 1] as region_split,
    10e0 + region_id as score_density,
    4e0 as score_n_lrg,
    20e0 + region_id as score_area_weighted,
    5e0 + region_id as score_psf_weighted
from bricks_with_region
group by region_id;

create table region_selections as
select
    sets.selection_set_id,
    sets.selection_strategy,
    sets.ranking_mode,
    region_id,
    region_split,
    1 as region_rank,
    columns('score_.*')
from region_metrics cross join read_csv('{seeds}/regions/selection_sets.csv') as sets;
