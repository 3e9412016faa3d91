{{ config(materialized="view") }}
{%- set shared = [
    'galaxy_id', 'brickid', 'objid', 'brickname', 'type_bin', 'nobs_g', 'nobs_r', 'nobs_z',
    'nobs_z_bin', 'flux_g', 'flux_r', 'flux_z', 'rmag', 'zmag', 'gr', 'rz', 'shape_r', 'psfsize_g',
    'psfsize_r', 'psfsize_z', 'psfdepth_g', 'psfdepth_r', 'psfdepth_z', 'galdepth_r', 'ebv',
    'healpix_64', 'healpix_128', 'split',
] -%}
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
        true as is_lens,
        known_lens_id,
        match_ra as ra,
        match_dec as dec,
        match_type as type,
        {{ shared | join(',\n        ') }},
        'positive' as pool,
        null as confuser_category,
        tier,
        sample_weight,
        false as is_for_inspection
    from positives
    union all
    select
        false as is_lens,
        null as known_lens_id,
        ra,
        dec,
        type,
        {{ shared | join(',\n        ') }},
        pool,
        confuser_category,
        null as tier,
        1e0 as sample_weight,
        is_for_inspection
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
