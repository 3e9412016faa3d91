{{ config(materialized='ephemeral') }}
{#-
    One row per selection set, split, bin and slice of the order in which a bin's candidates are
    taken: how many candidates it holds. Whoever takes the first hosts of a bin needs to put only
    the candidates of its first slices in order, and not all of them.
-#}
{%- set n_slices = 128 -%}
with

host_candidates as (
    select
        *,
        (floor(bin_order_u * {{ n_slices }}) + 1) / {{ n_slices }}e0 as slice_end
    from {{ ref('host_candidates') }}
),

region_selections as (
    select
        selection_set_id,
        region_id
    from {{ ref('region_selections') }}
),

-- First by region, so that the galaxies are not repeated for each set that their region is in.
slices_of_regions as (
    select
        region_id,
        region_split,
        psf_bin,
        depth_bin,
        slice_end,
        count(*) as n_candidates
    from host_candidates
    group by region_id, region_split, psf_bin, depth_bin, slice_end
),

slices_of_sets as (
    select
        region_selections.selection_set_id,
        slices_of_regions.region_split,
        slices_of_regions.psf_bin,
        slices_of_regions.depth_bin,
        slices_of_regions.slice_end,
        sum(slices_of_regions.n_candidates)::bigint as n_candidates
    from slices_of_regions
    inner join region_selections on slices_of_regions.region_id = region_selections.region_id
    group by all
),

bin_slices as (
    select
        *,
        sum(n_candidates) over (
            partition by selection_set_id, region_split, psf_bin, depth_bin
            order by slice_end
        )::bigint - n_candidates as n_before
    from slices_of_sets
)

select * from bin_slices
