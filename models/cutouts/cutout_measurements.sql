with

cutout_pixels as (
    select
        galaxy_id,
        pixels
    from {{ source('cutout_files', 'cutout_pixels') }}
),

training_sample as (
    select galaxy_id from {{ ref('training_sample') }}
),

cutouts_measured as (
    select
        cutout_pixels.galaxy_id,
        len(cutout_pixels.pixels) = 3 * {{ var('cutout_size_pix') }} ** 2 as is_right_size,
        cutout_features(cutout_pixels.pixels, {{ var('cutout_size_pix') }}) as features
    from cutout_pixels
    semi join training_sample on cutout_pixels.galaxy_id = training_sample.galaxy_id
),

cutout_measurements as (
    select
        galaxy_id,
        is_right_size,
        unnest(features)
    from cutouts_measured
)

select * from cutout_measurements
