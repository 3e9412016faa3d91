{{ config(materialized='ephemeral') }}
{#-
    One row per tier, grid, selection set, split and bin of seeing and depth that has candidates: how
    many hosts are asked of it and how many it gives. `bin_quotas` is the table of it.
-#}
with

bins as (
    select
        selection_set_id,
        region_split,
        psf_bin,
        depth_bin,
        sum(n_candidates)::bigint as n_candidates
    from {{ ref('bin_slices') }}
    group by selection_set_id, region_split, psf_bin, depth_bin
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
    from {{ ref('experiments') }}
),

bins_of_plans as (
    select
        plans.*,
        bins.* exclude (selection_set_id)
    from plans
    inner join bins on plans.selection_set_id = bins.selection_set_id
),

{%- if var('refill_short_bins') %}

-- In ascending order of what the bins hold, each is asked for an equal share of what the smaller
-- ones leave over; the largest share that a bin still holds is what is asked of every bin.
shares_in_order as (
    select
        *,
        ceil(
            (n_galaxies - coalesce(sum(n_candidates) over smaller_bins, 0))::double
            / (count(*) over all_bins - row_number() over ordered_bins + 1)
        )::bigint as share
    from bins_of_plans
    window
        all_bins as (partition by tier, grid, selection_set_id, region_split),
        ordered_bins as (
            partition by tier, grid, selection_set_id, region_split
            order by n_candidates, psf_bin, depth_bin
        ),
        smaller_bins as (
            partition by tier, grid, selection_set_id, region_split
            order by n_candidates, psf_bin, depth_bin
            rows between unbounded preceding and 1 preceding
        )
),

asked_of_bins as (
    select
        * exclude (share),
        coalesce(
            max(share) filter (where share <= n_candidates) over all_bins,
            max(n_candidates) over all_bins
        ) as n_quota
    from shares_in_order
    window all_bins as (partition by tier, grid, selection_set_id, region_split)
),
{%- else %}

asked_of_bins as (
    select
        *,
        ceil(n_galaxies / {{ var('host_bins_per_axis') ** 2 }}e0)::bigint as n_quota
    from bins_of_plans
),
{%- endif %}

given_by_bins as (
    select
        *,
        least(n_candidates, n_quota) as n_given
    from asked_of_bins
),

bin_shares as (
    select
        *,
        sum(n_given) over (
            partition by tier, grid, selection_set_id, region_split
        )::bigint as n_given_in_split
    from given_by_bins
)

select * from bin_shares
