with

experiments as (
    select
        experiment_id,
        tier,
        grid
    from {{ ref('experiments') }}
),

bin_shares as (
    select * from {{ ref('bin_shares') }}
),

bin_slices as (
    select * from {{ ref('bin_slices') }}
),

host_candidates as (
    select * from {{ ref('host_candidates') }}
),

region_selections as (
    select
        selection_set_id,
        region_id
    from {{ ref('region_selections') }}
),

-- The end of the slices that have to be put in order for the plan that wants most of a bin.
needed_candidates as (
    select
        bin_slices.selection_set_id,
        bin_slices.region_split,
        bin_slices.psf_bin,
        bin_slices.depth_bin,
        max(bin_slices.slice_end) as last_slice_end
    from bin_slices
    inner join bin_shares using (selection_set_id, region_split, psf_bin, depth_bin)
    where bin_slices.n_before < bin_shares.n_given
    group by all
),

ranked_candidates as (
    select
        needed_candidates.* exclude (last_slice_end),
        host_candidates.brickid,
        host_candidates.objid,
        host_candidates.region_id,
        host_candidates.trim_order_u,
        row_number() over (
            partition by
                needed_candidates.selection_set_id,
                needed_candidates.region_split,
                needed_candidates.psf_bin,
                needed_candidates.depth_bin
            order by host_candidates.bin_order_u, host_candidates.brickid, host_candidates.objid
        ) as rank_in_bin
    from host_candidates
    inner join region_selections on host_candidates.region_id = region_selections.region_id
    inner join needed_candidates
        on
            region_selections.selection_set_id = needed_candidates.selection_set_id
            and host_candidates.region_split = needed_candidates.region_split
            and host_candidates.psf_bin = needed_candidates.psf_bin
            and host_candidates.depth_bin = needed_candidates.depth_bin
            and host_candidates.bin_order_u < needed_candidates.last_slice_end
),

given_by_bins as (
    select
        bin_shares.* exclude (n_candidates, n_quota, n_given, n_given_in_split),
        ranked_candidates.brickid,
        ranked_candidates.objid,
        ranked_candidates.region_id,
        ranked_candidates.trim_order_u,
        bin_shares.n_given / bin_shares.n_candidates
        * least(1e0, bin_shares.n_galaxies / bin_shares.n_given_in_split) as inclusion_probability
    from bin_shares
    inner join ranked_candidates using (selection_set_id, region_split, psf_bin, depth_bin)
    where ranked_candidates.rank_in_bin <= bin_shares.n_given
),

trimmed_to_size as (
    select
        *,
        {{ keyed_digest(galaxy_key('brickid', 'objid'), 'assignment') }} as digest
    from given_by_bins
    qualify row_number() over (
        partition by tier, grid, selection_set_id, region_split
        order by trim_order_u, brickid, objid
    ) <= n_galaxies
),

sampled_galaxies as (
    select
        experiments.experiment_id,
        trimmed_to_size.selection_set_id,
        trimmed_to_size.brickid,
        trimmed_to_size.objid,
        trimmed_to_size.tier,
        trimmed_to_size.grid,
        trimmed_to_size.region_id,
        trimmed_to_size.region_split,
        trimmed_to_size.psf_bin,
        trimmed_to_size.depth_bin,
        {{ digest_u1('trimmed_to_size.digest') }} < trimmed_to_size.control_frac as is_control_host,
        -- Null where the galaxy takes every config of its grid.
        case
            when trimmed_to_size.n_configs_per_galaxy = 1 then
                floor({{ digest_u2('trimmed_to_size.digest') }} * trimmed_to_size.n_configs)::integer + 1
        end as config_index,
        trimmed_to_size.inclusion_probability
    from trimmed_to_size
    inner join experiments
        on trimmed_to_size.tier = experiments.tier and trimmed_to_size.grid = experiments.grid
)

select * from sampled_galaxies
