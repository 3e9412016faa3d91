-- The whole sky; the three regions of the small lake say their splits themselves.
create table split_cells as
with draws as (
    select
        cell,
        cell // 60 as block,
        row_number() over (partition by block order by (7 * cell) % 60, cell) as place,
        count(*) over (partition by block) as n_cells
    from range(768) as cells(cell)
)
select
    cell,
    (place - 0.5e0) / n_cells as split_u,
    case when split_u < 0.7 then 'train' when split_u < 0.7e0 + 0.15e0 then 'val' else 'test' end as split
from draws;

create table brick_counts as
select
    brickid,
    count(*) as n_sources,
    count(*) filter (where type <> 'PSF') as n_gal,
    0::bigint as n_lrg_v1,
    1::bigint as n_lrg_v2,
    count(*) filter (where type <> 'PSF' and rmag - zmag > 0.4 and zmag - w1mag > 0.8) as n_lrg_v3,
    n_lrg_v3 as n_lrg_v4,
    n_lrg_v3 as n_lrg_v5
from stg_sources
group by brickid;

-- The three regions are train, val and test; every selection set takes all of them.
create table bricks_with_region as
select
    stg_bricks.*,
    ((brickid - 1) // 2)::integer as region_id,
    region_id as cell,
    1 as brick_degree,
    brickid <> 6 as is_inside_cell,
    brick_counts.* exclude (brickid),
    n_lrg_v3 / area_deg2 as lrg_density_v3
from stg_bricks inner join brick_counts using (brickid);

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
