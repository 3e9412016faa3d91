with

region_metrics as (
    select * from {{ ref('region_metrics') }}
),

selection_sets as (
    select * from {{ ref('selection_sets') }}
),

density_edges as (
    select
        quantile_cont(lrg_density_v3_areaweighted, 0.5) as median_density,
        quantile_cont(lrg_density_v3_areaweighted, 0.9) as high_density
    from region_metrics
),

regions_with_density_bin as (
    select
        region_metrics.*,
        case
            when region_metrics.lrg_density_v3_areaweighted < density_edges.median_density then 0
            when region_metrics.lrg_density_v3_areaweighted < density_edges.high_density then 1
            else 2
        end as density_bin
    from region_metrics
    cross join density_edges
),

scored_regions as (
    select
        selection_sets.*,
        regions_with_density_bin.*,
        'score_' || selection_sets.ranking_mode as ranking_score_col,
        case selection_sets.ranking_mode
            when 'density' then regions_with_density_bin.score_density
            when 'n_lrg' then regions_with_density_bin.score_n_lrg
            when 'area_weighted' then regions_with_density_bin.score_area_weighted
            when 'psf_weighted' then regions_with_density_bin.score_psf_weighted
            else error('selection set ' || selection_sets.selection_set_id
                || ' ranks by ''' || selection_sets.ranking_mode
                || ''': it must be density, n_lrg, area_weighted or psf_weighted')
        end as ranking_score
    from selection_sets
    cross join regions_with_density_bin
),

ranked_regions as (
    select
        *,
        row_number() over (
            partition by selection_set_id, region_split
            order by ranking_score desc, region_id asc
        ) as rank_in_split,
        row_number() over (
            partition by selection_set_id, region_split, density_bin
            order by ranking_score desc, region_id asc
        ) as rank_in_bin,
        [n_low_density, n_mid_density, n_high_density][density_bin + 1] as n_of_bin
    from scored_regions
),

chosen_regions as (
    select
        *,
        case
            when selection_strategy = 'topk' then rank_in_split <= n_best
            else rank_in_bin <= n_of_bin
        end as is_chosen
    from ranked_regions
),

region_selections as (
    select
        selection_set_id,
        selection_strategy,
        ranking_mode,
        ranking_score_col,
        region_id,
        region_split,
        row_number() over (
            partition by selection_set_id, region_split
            order by ranking_score desc, region_id asc
        ) as region_rank,
        density_bin,
        area_deg2,
        n_bricks,
        n_lrg_v3_total,
        lrg_density_v3_areaweighted,
        score_density,
        score_n_lrg,
        score_area_weighted,
        score_psf_weighted,
        psfsize_r_p50,
        psfdepth_r_p50,
        ebv_p50,
        compactness
    from chosen_regions
    where is_chosen
)

select * from region_selections
order by selection_set_id, region_split, region_rank
