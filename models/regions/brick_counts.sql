{%- set counted = [
    'v1_pure_massive', 'v2_baseline_dr10', 'v3_color_relaxed', 'v4_mag_relaxed', 'v5_very_relaxed',
] -%}
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
        {%- for variant in counted %},
        count(*) filter (where {{ is_lrg(variant) }}) as n_lrg_{{ variant[:2] }}
        {%- endfor %}
    from stg_sources
    group by brickid
)

select * from brick_counts
