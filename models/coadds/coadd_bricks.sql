with

injection_tasks as (
    select * from {{ ref('injection_tasks') }}
),

coadd_files as (
    select * from {{ ref('coadd_files') }}
),

brick_blacklist as (
    select * from {{ ref('brick_blacklist') }}
),

brick_outcomes as (
    select
        brickname,
        is_ok,
        reason_code,
        message
    from {{ source('raw', 'raw_outcomes') }}
    where
        product = 'coadds'
        and ends_with(file_name, '/')
),

tasks_by_brick as (
    select
        brickname,
        count(*) as n_tasks
    from injection_tasks
    group by brickname
),

files_by_brick as (
    select
        brickname,
        count(*) as n_files,
        count(*) filter (where is_ok) as n_files_ok,
        count(*) filter (where is_absent) as n_files_absent,
        coalesce(sum(n_bytes) filter (where is_ok), 0)::bigint as n_bytes,
        coalesce(bool_or(is_ok) filter (where coadd_product = 'maskbits'), false) as has_maskbits,
        coalesce(
            list(distinct band order by band)
                filter (where coadd_product = 'image' and is_ok),
            []
        ) as bands_with_image,
        coalesce(
            list(distinct band order by band)
                filter (where coadd_product = 'psfsize' and is_ok),
            []
        ) as bands_with_psfsize
    from coadd_files
    group by brickname
),

bricks as (
    select brickname from tasks_by_brick
    union
    select brickname from brick_outcomes
),

-- A brick is cached when all its files are here but those that the survey does not have, and there
-- are pixels among them. Tasks that need what it lacks get their reason where they are injected.
coadd_bricks as (
    select
        bricks.brickname,
        coalesce(brick_outcomes.is_ok, false) as is_complete,
        coalesce(
            brick_outcomes.is_ok
            or (
                brick_outcomes.reason_code = 'incomplete_brick'
                and files_by_brick.n_files_ok + files_by_brick.n_files_absent
                = files_by_brick.n_files
            ),
            false
        )
        and coalesce(len(files_by_brick.bands_with_image), 0) > 0 as is_cached,
        brick_blacklist.brickname is not null as is_blacklisted,
        case
            when brick_outcomes.brickname is null then 'not_fetched'
            else brick_outcomes.reason_code
        end as reason_code,
        coalesce(tasks_by_brick.n_tasks, 0) as n_tasks,
        if(is_cached and not is_blacklisted, coalesce(tasks_by_brick.n_tasks, 0), 0)
            as n_runnable_tasks,
        coalesce(files_by_brick.n_files, 0) as n_files,
        coalesce(files_by_brick.n_files_ok, 0) as n_files_ok,
        coalesce(files_by_brick.n_files_absent, 0) as n_files_absent,
        coalesce(files_by_brick.n_bytes, 0) as n_bytes,
        coalesce(files_by_brick.has_maskbits, false) as has_maskbits,
        coalesce(files_by_brick.bands_with_image, []) as bands_with_image,
        coalesce(files_by_brick.bands_with_psfsize, []) as bands_with_psfsize,
        brick_outcomes.message
    from bricks
    left join brick_outcomes on bricks.brickname = brick_outcomes.brickname
    left join files_by_brick on bricks.brickname = files_by_brick.brickname
    left join tasks_by_brick on bricks.brickname = tasks_by_brick.brickname
    left join brick_blacklist on bricks.brickname = brick_blacklist.brickname
)

select * from coadd_bricks
order by brickname
