-- The survey lacks the last brick; another brick with tasks lacks its psfsize files.
create table coadd_files as
select
    'legacysurvey-' || brickname || '-' || product || coalesce('-' || band, '') as file_name,
    brickname,
    product as coadd_product,
    band,
    brickname <> '2002p005' and not (brickname = '1002p005' and product = 'psfsize') as is_ok,
    if(is_ok, null, '{a_reason_code}') as reason_code,
    not is_ok as is_absent,
    if(is_ok, 28800, null) as n_bytes,
    md5(file_name) as sha256,
    'https://survey.example/' || file_name as source
from (select distinct brickname from injection_tasks)
cross join (
    select product, band
    from unnest(['image', 'invvar', 'psfsize']) as products(product)
    cross join unnest(['g', 'r', 'z']) as bands(band)
    union all
    select 'maskbits', null
);

create table brick_blacklist as
select
    brickname,
    'missing_brick' as reason_code,
    '404 for every file' as evidence,
    count(*) as n_absent_files
from coadd_files
where brickname = '2002p005'
group by brickname;

create table coadd_bricks as
select
    brickname,
    bool_and(is_ok) as is_complete,
    brickname <> '2002p005' as is_cached,
    brickname = '2002p005' as is_blacklisted,
    if(is_complete, null, '{a_reason_code}') as reason_code,
    any_value(n_tasks) as n_tasks,
    if(is_cached, any_value(n_tasks), 0) as n_runnable_tasks,
    count(*) as n_files,
    count(*) filter (where is_ok) as n_files_ok,
    count(*) filter (where is_absent) as n_files_absent,
    coalesce(
        list(distinct band) filter (where coadd_product = 'image' and is_ok), []
    ) as bands_with_image
from coadd_files
inner join (
    select brickname, sum(n_tasks)::bigint as n_tasks from task_bricks group by brickname
) using (brickname)
group by brickname;

create table runnable_tasks as
from injection_tasks where brickname <> '2002p005';
