with

raw_bricks as (
    select * from {{ source('raw', 'raw_bricks') }}
),

-- A brick's name becomes a path later on, so one that is not of the survey's form ends the run.
stg_bricks as (
    select
        brickid,
        case
            when regexp_full_match(trim(brickname), '{{ brick_name_pattern() }}') then trim(brickname)
            else error(
                'brick name "' || brickname || '" is not of the form 0001m002: check '
                || source_file
            )
        end as brickname,
        left(trim(brickname), 3) as brick_group,
        ra,
        dec,
        ra1,
        ra2,
        dec1,
        dec2,
        (ra2 - ra1) * degrees(sin(radians(dec2)) - sin(radians(dec1))) as area_deg2,
        nexp_g,
        nexp_r,
        nexp_i,
        nexp_z,
        psfsize_g,
        psfsize_r,
        psfsize_i,
        psfsize_z,
        psfdepth_g,
        psfdepth_r,
        psfdepth_i,
        psfdepth_z,
        galdepth_g,
        galdepth_r,
        galdepth_i,
        galdepth_z,
        ebv,
        survey_primary,
        in_desi,
        source_file
    from raw_bricks
)

select * from stg_bricks
