with

raw_outcomes as (
    select * from {{ source('raw', 'raw_outcomes') }}
    where
        product = 'coadds'
        and not ends_with(file_name, '/')
),

coadd_files as (
    select
        file_name,
        brickname,
        regexp_extract(
            file_name, 'legacysurvey-{{ brick_name_pattern() }}-([a-z]+)[.-]', 1
        ) as coadd_product,
        band,
        is_ok,
        reason_code,
        coalesce(reason_code = 'not_found', false) as is_absent,
        n_bytes,
        sha256,
        message,
        source,
        source_version
    from raw_outcomes
)

select * from coadd_files
order by brickname, file_name
