{{ config(materialized="view") }}
with

positives as (
    select * from {{ ref('positives') }}
    where is_positive
),

negative_candidates as (
    select * from {{ ref('negative_candidates') }}
),

members as (
    select
        *,
        true as is_lens,
        'positive' as pool,
        match_ra as ra,
        match_dec as dec,
        match_type as type,
        false as is_for_inspection
    from positives
    union all by name
    select
        *,
        false as is_lens,
        1e0 as sample_weight
    from negative_candidates
),

members_binned as (
    select
        *,
        {{ edge_bin('psfsize_r', var('pool_psf_bin_edges_arcsec')) }} as psf_bin,
        {{ edge_bin(depth_magnitude('psfdepth_r'), var('pool_depth_bin_edges_mag')) }} as depth_bin,
        {{ edge_bin('zmag', var('pool_z_mag_bin_edges')) }} as z_mag_bin
    from members
),

pool_members as (
    select
        *,
        {{ stratum() }} as stratum
    from members_binned
)

select * from pool_members
