{%- set edges = edges_by_axis() -%}
-- depends_on: {{ ref('completeness_edges') }}
with

parent_counts as (
    select
        brickid,
        count(*) as n_parents
    from {{ ref('parent_galaxies') }}
    group by brickid
),

completeness_bins as (
    select * from {{ ref('completeness_bins') }}
),

bricks as (
    select
        bricks_with_region.brickid,
        bricks_with_region.area_deg2,
        coalesce(parent_counts.n_parents, 0) as n_parents,
        {{ bin_expression('bricks_with_region.psfsize_r', edges.get('psf_fwhm_arcsec', [0, 1])) }}
            as psf_bin,
        {{ bin_expression('bricks_with_region.psfdepth_r', edges.get('psfdepth_r_mag', [0, 1])) }}
            as depth_bin
    from {{ ref('bricks_with_region') }} as bricks_with_region
    left join parent_counts using (brickid)
),

completeness_footprint as (
    select
        psf_bins.low as psf_fwhm_arcsec_low,
        psf_bins.high as psf_fwhm_arcsec_high,
        depth_bins.low as psfdepth_r_mag_low,
        depth_bins.high as psfdepth_r_mag_high,
        count(*) as n_bricks,
        sum(bricks.n_parents)::bigint as n_parents,
        sum(bricks.area_deg2) as area_deg2
    from bricks
    left join completeness_bins as psf_bins
        on psf_bins.axis = 'psf_fwhm_arcsec' and bricks.psf_bin = psf_bins.bin
    left join completeness_bins as depth_bins
        on depth_bins.axis = 'psfdepth_r_mag' and bricks.depth_bin = depth_bins.bin
    group by psf_bins.low, psf_bins.high, depth_bins.low, depth_bins.high
)

select * from completeness_footprint
order by psf_fwhm_arcsec_low, psfdepth_r_mag_low
