-- depends_on: {{ ref('lrg_variants') }}, {{ ref('lrg_cuts') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

brick_counts as (
    select
        brickid,
        count(*) as n_sources,
        count(*) filter (where type not in ('PSF', 'DUP')) as n_gal
        {%- for variant, counted_as in counted_variants() %},
        count(*) filter (where {{ is_lrg(variant) }}) as n_lrg_{{ counted_as }}
        {%- endfor %}
    from stg_sources
    group by brickid
)

select * from brick_counts
