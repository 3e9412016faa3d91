with

training_sample as (
    select
        galaxy_id,
        brickid,
        objid,
        brickname,
        is_lens,
        pool,
        split
    from {{ ref('training_sample') }}
),

cutout_files as (
    select
        * exclude (brickname, ra, dec, pixels),
        len(pixels) as n_values
    from {{ source('cutout_files', 'cutout_pixels') }}
),

-- The last word on each object: what could not be cut out says why.
outcomes as (
    select
        file_name as galaxy_id,
        reason_code,
        message,
        n_tries
    from {{ source('raw', 'raw_outcomes') }}
    where product = 'cutouts'
    qualify row_number() over (partition by file_name order by finished_at desc) = 1
),

cutouts as (
    select
        training_sample.*,
        cutout_files.galaxy_id is not null as has_cutout,
        case
            when cutout_files.galaxy_id is null
                then coalesce(outcomes.reason_code, 'cutout_missing')
        end as reason_code,
        outcomes.message,
        cutout_files.* exclude (galaxy_id)
    from training_sample
    left join cutout_files on training_sample.galaxy_id = cutout_files.galaxy_id
    left join outcomes on training_sample.galaxy_id = outcomes.galaxy_id
)

select * from cutouts
