with

training_sample as (
    select * from {{ ref('training_sample') }}
    where not is_lens
),

task_bricks as (
    select distinct brickname
    from {{ ref('task_bricks') }}
),

hosts_ranked as (
    select
        training_sample.galaxy_id,
        training_sample.brickname,
        training_sample.ra,
        training_sample.dec,
        row_number() over (
            order by training_sample.sham_u1, training_sample.galaxy_id
        ) as host_rank
    from training_sample
    semi join task_bricks on training_sample.brickname = task_bricks.brickname
),

-- The hosts are the first whose cutouts pass their checks; some do not, so a few more are fetched.
sham_hosts as (
    select
        *,
        host_rank <= ceil({{ 1 + var('sham_spare_fraction') }} * {{ var('sham_objects') }})
            as is_fetched,
        {{ var('cutout_size_pix') }}::integer as size_pix
    from hosts_ranked
)

select * from sham_hosts
order by host_rank
