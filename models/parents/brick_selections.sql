-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

-- The number of the first cut that a source fails; 0 for a source that passes all.
judged_sources as (
    select
        brickid,
        objid,
        ra,
        dec,
        case
            {%- for cut in lrg_cuts(var('parent_variant')) %}
            when ({{ cut }}) is not true then {{ loop.index }}
            {%- endfor %}
            else 0
        end as failed_cut
    from stg_sources
),

brick_selections as (
    select
        brickid,
        failed_cut,
        count(*) as n_sources,
        list(struct_pack(objid, ra, dec)) filter (where failed_cut = 0) as passed
    from judged_sources
    group by brickid, failed_cut
)

select * from brick_selections
