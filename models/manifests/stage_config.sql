{{ config(materialized='view') }}
-- The name that `experiments` had before.
with

experiments as (
    select * from {{ ref('experiments') }}
)

select * from experiments
