with

experiments as (
    select
        experiment_id,
        tier,
        grid,
        n_galaxies,
        unnest(selection_set_ids) as selection_set_id
    from {{ ref('experiments') }}
),

bin_shares as (
    select * from {{ ref('bin_shares') }}
),

splits as (
    select unnest(['train', 'val', 'test']) as region_split
),

psf_bins as (
    select unnest(range({{ var('host_bins_per_axis') }}))::tinyint as psf_bin
),

depth_bins as (
    select unnest(range({{ var('host_bins_per_axis') }}))::tinyint as depth_bin
),

sampled_by_bin as (
    select
        experiment_id,
        selection_set_id,
        region_split,
        psf_bin,
        depth_bin,
        count(*) as n_hosts
    from {{ ref('sampled_galaxies') }}
    group by experiment_id, selection_set_id, region_split, psf_bin, depth_bin
),

bin_quotas as (
    select
        experiments.experiment_id,
        experiments.selection_set_id,
        splits.region_split,
        psf_bins.psf_bin,
        depth_bins.depth_bin,
        experiments.n_galaxies,
        coalesce(bin_shares.n_candidates, 0) as n_candidates,
        -- The same for all bins of a split; a split without any candidate is asked for equal shares.
        coalesce(
            max(bin_shares.n_quota) over (
                partition by
                    experiments.experiment_id, experiments.selection_set_id, splits.region_split
            ),
            ceil(experiments.n_galaxies / {{ var('host_bins_per_axis') ** 2 }}e0)::bigint
        ) as n_quota,
        coalesce(sampled_by_bin.n_hosts, 0) as n_hosts
    from experiments
    cross join splits
    cross join psf_bins
    cross join depth_bins
    left join bin_shares
        using (tier, grid, selection_set_id, region_split, psf_bin, depth_bin)
    left join sampled_by_bin
        using (experiment_id, selection_set_id, region_split, psf_bin, depth_bin)
)

select * from bin_quotas
order by experiment_id, selection_set_id, region_split, psf_bin, depth_bin
