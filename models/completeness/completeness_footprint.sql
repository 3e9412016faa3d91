with

bricks as (
    select * from {{ ref('bricks_with_region') }}
),

parent_counts as (
    select
        brickid,
        count(*) as n_parents
    from {{ ref('parent_galaxies') }}
    group by brickid
),

psf_bins as (
    select * from {{ ref('completeness_bins') }} where axis = 'psf_fwhm_arcsec'
),

depth_bins as (
    select * from {{ ref('completeness_bins') }} where axis = 'psfdepth_r_mag'
),

completeness_footprint as (
    select
        psf_bins.low as psf_fwhm_arcsec_low,
        psf_bins.high as psf_fwhm_arcsec_high,
        depth_bins.low as psfdepth_r_mag_low,
        depth_bins.high as psfdepth_r_mag_high,
        count(*) as n_bricks,
        coalesce(sum(parent_counts.n_parents), 0)::bigint as n_parents,
        sum(bricks.area_deg2) as area_deg2
    from bricks
    left join parent_counts using (brickid)
    -- A bin holds its lower edge; an infinite upper one too.
    left join psf_bins
        on bricks.psfsize_r >= psf_bins.low
        and (bricks.psfsize_r < psf_bins.high or (bricks.psfsize_r = psf_bins.high and isinf(psf_bins.high)))
    left join depth_bins
        on bricks.psfdepth_r >= depth_bins.low
        and (bricks.psfdepth_r < depth_bins.high or (bricks.psfdepth_r = depth_bins.high and isinf(depth_bins.high)))
    group by psf_bins.low, psf_bins.high, depth_bins.low, depth_bins.high
)

select * from completeness_footprint
order by psf_fwhm_arcsec_low, psfdepth_r_mag_low
