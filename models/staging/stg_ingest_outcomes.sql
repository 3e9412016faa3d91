{#- A view: the pixel commands go on writing outcomes after this stage has run. -#}
{{ config(materialized='view') }}
with

raw_outcomes as (
    select * from {{ source('raw', 'raw_outcomes') }}
)

select * from raw_outcomes
