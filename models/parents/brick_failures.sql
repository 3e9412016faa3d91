{{ config(materialized='ephemeral') }}
-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
{%- set cuts = lrg_cuts(var('parent_variant')) | map(attribute=1) | list %}
{%- set judged = cuts[:1] + cuts[2:] %}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

brick_counts as (
    select * from {{ ref('brick_counts') }}
),

-- Most sources fail at the second cut, in v1 to v5 the limit in magnitude. They are not looked at further: when
-- the others are counted, they are what is left of the brick's sources. What passes the first cut
-- here passes the second: "not the first, or the second" is written as a comparison, for an `or` in a filter
-- takes as long as reading the columns.
judged_sources as (
    select
        brickid
        {%- for cut in judged %},
        {{ cut if loop.first else passes_where(cuts[0], cut) }} as passes_{{ loop.index }}
        {%- endfor %}
    from stg_sources
    {%- if cuts | length > 1 %}
    where {{ passes_or_fails(cuts[0]) }} <= {{ passes_or_fails(cuts[1]) }}
    {%- endif %}
),

-- By the brick's number, which repeats from row to row: DuckDB then looks a group up once per
-- vector, where a join of each source with its brick costs more than the sums of its columns.
passes_of_bricks as (
    select
        brickid,
        count(*) as n_judged
        {%- for cut in judged %},
        count_if(
            {%- for earlier in range(1, loop.index + 1) -%}
            {{ ' and ' if not loop.first }}passes_{{ earlier }}
            {%- endfor -%}
        ) as n_passing_{{ loop.index }}
        {%- endfor %}
    from judged_sources
    group by brickid
),

-- How many sources of a brick are left after each cut, from all of them on.
sources_left as (
    select
        brick_counts.brickid,
        brick_counts.n_sources as n_left_0,
        brick_counts.n_sources
        - coalesce(passes_of_bricks.n_judged - passes_of_bricks.n_passing_1, 0) as n_left_1
        {%- for cut in judged if cuts | length > 1 %},
        coalesce(passes_of_bricks.n_passing_{{ loop.index }}, 0) as n_left_{{ loop.index + 1 }}
        {%- endfor %}
    from brick_counts
    left join passes_of_bricks on brick_counts.brickid = passes_of_bricks.brickid
),

brick_failures as (
    select
        brickid
        {%- for cut in cuts %},
        (n_left_{{ loop.index0 }} - n_left_{{ loop.index }})::bigint as n_cut_{{ loop.index }}
        {%- endfor %}
    from sources_left
)

select * from brick_failures
