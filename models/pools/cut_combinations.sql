{%- set flags = source_cuts() + ['exposures_g', 'exposures_r', 'exposures_z'] -%}
with

source_cuts as (
    select * from {{ ref('source_cuts') }}
),

cut_combinations as (
    select
        {%- for flag in flags %}
        fails_{{ flag }},
        {%- endfor %}
        count(*) as n_sources
    from source_cuts
    group by
        {%- for flag in flags %}
        fails_{{ flag }}{% if not loop.last %},{% endif %}
        {%- endfor %}
)

select
    *,
    {{ first_failed_cut(applied_cuts()) }} as first_failed_cut
from cut_combinations
