{{ config(materialized='ephemeral') }}
-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

-- The number of the first cut that a source fails; null for a source that passes all.
judged_sources as (
    select
        brickid,
        case
            {%- for cut in lrg_cuts(var('parent_variant')) %}
            when ({{ cut }}) is not true then {{ loop.index }}
            {%- endfor %}
        end as failed_cut
    from stg_sources
),

brick_failures as (
    select
        brickid,
        failed_cut,
        count(*) as n_sources
    from judged_sources
    group by brickid, failed_cut
)

select * from brick_failures
