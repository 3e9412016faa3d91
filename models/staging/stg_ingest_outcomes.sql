with

raw_outcomes as (
    select * from {{ source('raw', 'raw_outcomes') }}
),

-- A file that was tried again keeps its last outcome and says how often it was tried.
stg_ingest_outcomes as (
    select
        *,
        count(*) over (partition by product, file_name) as n_attempts
    from raw_outcomes
    qualify row_number() over (
        partition by product, file_name
        order by finished_at desc
    ) = 1
)

select * from stg_ingest_outcomes
