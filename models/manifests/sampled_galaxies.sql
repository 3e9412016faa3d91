{%- set n_bins = 16 -%}
{%- set n_buckets = 128 -%}
with

host_candidates as (
    select
        *,
        floor(bin_order_u * {{ n_buckets }})::utinyint as bucket
    from {{ ref('host_candidates') }}
),

stage_config as (
    select * from {{ ref('stage_config') }}
),

region_selections as (
    select
        selection_set_id,
        region_id
    from {{ ref('region_selections') }}
),

-- Experiments that differ only in stamp size or bands share one plan, and so their galaxies.
plans as (
    select distinct
        tier,
        grid,
        n_configs,
        n_configs_per_galaxy,
        n_galaxies,
        control_frac,
        unnest(selection_set_ids) as selection_set_id
    from stage_config
),

-- How many candidates each bin of each set holds, by slices of the order they are taken in.
region_slices as (
    select
        region_id,
        region_split,
        psf_bin,
        depth_bin,
        bucket,
        count(*) as n_candidates
    from host_candidates
    group by region_id, region_split, psf_bin, depth_bin, bucket
),

set_slices as (
    select
        region_selections.selection_set_id,
        region_slices.region_split,
        region_slices.psf_bin,
        region_slices.depth_bin,
        region_slices.bucket,
        sum(region_slices.n_candidates)::bigint as n_candidates
    from region_slices
    inner join region_selections on region_slices.region_id = region_selections.region_id
    group by all
),

set_bins as (
    select
        selection_set_id,
        region_split,
        psf_bin,
        depth_bin,
        sum(n_candidates)::bigint as n_candidates
    from set_slices
    group by all
),

-- Bins in ascending order of what they hold, for the refill: each bin gets an equal share of what
-- the smaller ones leave over.
ordered_bins as (
    select
        plans.tier,
        plans.grid,
        plans.n_configs,
        plans.n_configs_per_galaxy,
        plans.n_galaxies,
        plans.control_frac,
        set_bins.*,
        row_number() over bins as bin_rank,
        count(*) over (
            partition by plans.tier, plans.grid, set_bins.selection_set_id, set_bins.region_split
        ) as n_bins,
        coalesce(sum(set_bins.n_candidates) over (
            bins rows between unbounded preceding and 1 preceding
        ), 0)::bigint as n_in_smaller_bins
    from plans
    inner join set_bins on plans.selection_set_id = set_bins.selection_set_id
    window bins as (
        partition by plans.tier, plans.grid, set_bins.selection_set_id, set_bins.region_split
        order by set_bins.n_candidates, set_bins.psf_bin, set_bins.depth_bin
    )
),

bin_shares as (
    select
        *,
        {%- if var('refill_short_bins') %}
        ceil(
            (n_galaxies - n_in_smaller_bins)::double / (n_bins - bin_rank + 1)
        )::bigint as share
        {%- else %}
        ceil(n_galaxies / {{ n_bins }}e0)::bigint as share
        {%- endif %}
    from ordered_bins
),

bin_quotas as (
    select
        *,
        least(
            n_candidates,
            {%- if var('refill_short_bins') %}
            coalesce(
                max(share) filter (where share <= n_candidates) over (
                    partition by tier, grid, selection_set_id, region_split
                ),
                n_candidates
            )
            {%- else %}
            share
            {%- endif %}
        ) as n_kept
    from bin_shares
),

plan_bins as (
    select
        *,
        sum(n_kept) over (
            partition by tier, grid, selection_set_id, region_split
        )::bigint as n_kept_in_split
    from bin_quotas
),

-- The slice up to which a bin's candidates have to be ranked for the plan that wants most of them.
bin_wants as (
    select
        selection_set_id,
        region_split,
        psf_bin,
        depth_bin,
        max(n_kept) as n_wanted
    from plan_bins
    group by all
),

cumulative_slices as (
    select
        *,
        sum(n_candidates) over (
            partition by selection_set_id, region_split, psf_bin, depth_bin
            order by bucket
        )::bigint - n_candidates as n_before
    from set_slices
),

needed_slices as (
    select
        cumulative_slices.selection_set_id,
        cumulative_slices.region_split,
        cumulative_slices.psf_bin,
        cumulative_slices.depth_bin,
        max(cumulative_slices.bucket) as last_bucket
    from cumulative_slices
    inner join bin_wants using (selection_set_id, region_split, psf_bin, depth_bin)
    where cumulative_slices.n_before < bin_wants.n_wanted
    group by all
),

ranked_candidates as (
    select
        region_selections.selection_set_id,
        host_candidates.brickid,
        host_candidates.objid,
        host_candidates.region_id,
        host_candidates.region_split,
        host_candidates.psf_bin,
        host_candidates.depth_bin,
        host_candidates.trim_order_u,
        row_number() over (
            partition by
                region_selections.selection_set_id,
                host_candidates.region_split,
                host_candidates.psf_bin,
                host_candidates.depth_bin
            order by host_candidates.bin_order_u, host_candidates.brickid, host_candidates.objid
        ) as rank_in_bin
    from host_candidates
    inner join region_selections on host_candidates.region_id = region_selections.region_id
    inner join needed_slices
        on
            region_selections.selection_set_id = needed_slices.selection_set_id
            and host_candidates.region_split = needed_slices.region_split
            and host_candidates.psf_bin = needed_slices.psf_bin
            and host_candidates.depth_bin = needed_slices.depth_bin
            and host_candidates.bucket <= needed_slices.last_bucket
),

kept_in_bins as (
    select
        plan_bins.tier,
        plan_bins.grid,
        plan_bins.n_configs,
        plan_bins.n_configs_per_galaxy,
        plan_bins.n_galaxies,
        plan_bins.control_frac,
        ranked_candidates.* exclude (rank_in_bin),
        plan_bins.n_kept / plan_bins.n_candidates
        * least(1e0, plan_bins.n_galaxies / plan_bins.n_kept_in_split) as inclusion_probability
    from plan_bins
    inner join ranked_candidates using (selection_set_id, region_split, psf_bin, depth_bin)
    where ranked_candidates.rank_in_bin <= plan_bins.n_kept
),

sampled as (
    select
        * exclude (trim_order_u),
        {{ keyed_digest(galaxy_key('brickid', 'objid'), 'assignment') }} as digest
    from kept_in_bins
    qualify row_number() over (
        partition by tier, grid, selection_set_id, region_split
        order by trim_order_u, brickid, objid
    ) <= n_galaxies
),

assigned as (
    select
        * exclude (digest, n_configs, n_configs_per_galaxy, n_galaxies, control_frac),
        {{ digest_u1('digest') }} < control_frac as is_control_host,
        -- Null where the galaxy takes every config of its grid.
        case
            when n_configs_per_galaxy = 1
                then floor({{ digest_u2('digest') }} * n_configs)::integer + 1
        end as config_index
    from sampled
),

sampled_galaxies as (
    select
        stage_config.experiment_id,
        assigned.selection_set_id,
        assigned.brickid,
        assigned.objid,
        assigned.tier,
        assigned.grid,
        assigned.region_id,
        assigned.region_split,
        assigned.psf_bin,
        assigned.depth_bin,
        assigned.is_control_host,
        assigned.config_index,
        assigned.inclusion_probability
    from assigned
    inner join stage_config
        on assigned.tier = stage_config.tier and assigned.grid = stage_config.grid
)

select * from sampled_galaxies
