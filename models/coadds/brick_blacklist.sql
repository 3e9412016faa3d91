with

raw_outcomes as (
    select * from {{ source('raw', 'raw_outcomes') }}
    where
        product = 'coadds'
        and ends_with(file_name, '/')
        and reason_code = 'missing_brick'
),

coadd_files as (
    select * from {{ ref('coadd_files') }}
    where is_absent
),

absent_files as (
    select
        brickname,
        count(*) as n_absent_files,
        list(source order by source) as absent_files
    from coadd_files
    group by brickname
),

brick_blacklist as (
    select
        raw_outcomes.brickname,
        raw_outcomes.reason_code,
        raw_outcomes.message as evidence,
        absent_files.n_absent_files,
        absent_files.absent_files
    from raw_outcomes
    inner join absent_files on raw_outcomes.brickname = absent_files.brickname
)

select * from brick_blacklist
order by brickname
