-- Conditions in g, r and z, the bands of the features (udfs/cutouts/features.py).
with

training_sample as (
    select * from {{ ref('training_sample') }}
),

cutout_quality as (
    select
        galaxy_id,
        quality_ok
    from {{ ref('cutout_quality') }}
),

cutouts as (
    select
        galaxy_id,
        x_pix - x0_pix - (size_pix - 1) / 2e0 as subpixel_x_pix,
        y_pix - y0_pix - (size_pix - 1) / 2e0 as subpixel_y_pix
    from {{ ref('cutouts') }}
),

cutout_measurements as (
    select * exclude (is_right_size)
    from {{ ref('cutout_measurements') }}
),

cutout_features as (
    select
        training_sample.galaxy_id,
        training_sample.brickid,
        training_sample.objid,
        training_sample.brickname,
        training_sample.is_lens,
        training_sample.pool,
        training_sample.confuser_category,
        training_sample.split,
        cutout_quality.quality_ok,
        training_sample.ra,
        training_sample.dec,
        degrees(asin({{ sin_galactic_latitude('training_sample.ra', 'training_sample.dec') }}))
            as galactic_latitude_deg,
        {%- for name in [
            'psfsize_g', 'psfsize_r', 'psfsize_z', 'psfdepth_g', 'psfdepth_r', 'psfdepth_z',
            'galdepth_r', 'nobs_g', 'nobs_r', 'nobs_z', 'ebv', 'zmag', 'gr', 'rz', 'shape_r',
        ] %}
        training_sample.{{ name }}::double as {{ name }},
        {%- endfor %}
        cutouts.subpixel_x_pix,
        cutouts.subpixel_y_pix,
        cutout_measurements.* exclude (galaxy_id)
    from training_sample
    inner join cutout_quality on training_sample.galaxy_id = cutout_quality.galaxy_id
    inner join cutouts on training_sample.galaxy_id = cutouts.galaxy_id
    inner join cutout_measurements on training_sample.galaxy_id = cutout_measurements.galaxy_id
)

select * from cutout_features
