{#- The limits as a variable: DuckDB takes it for a constant, which saves a fifth of the time that a
    join with the one row of pool_rules takes. -#}
{{ config(
    pre_hook="set variable pool_rules = (select rules from {{ ref('pool_rules') }} as rules)"
) }}
{%- set limits = "getvariable('pool_rules')." -%}
-- The first hook reads it: depends_on: {{ ref('pool_rules') }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

nearest_lenses as (
    select * from {{ ref('nearest_lenses') }}
),

-- One after the other, each only on what the ones before have left: a third of the time that all
-- flags of all sources take. 0 for what is left by all.
sources_with_cut as (
    select
        stg_sources.ra,
        stg_sources.dec,
        stg_sources.ebv,
        stg_sources.psfsize_r,
        stg_sources.psfdepth_r,
        stg_sources.dchisq,
        stg_sources.fracflux_r,
        case
            {%- for cut in standing_cuts() %}
            when {{ fails(cut) | replace('pool_rules.', limits) }} then {{ loop.index }}
            {%- endfor %}
            else 0
        end as cut_number,
        {%- for band in ['g', 'r', 'z'] %}
        {{ fails('exposures_' ~ band) | replace('pool_rules.', limits) }} as fails_exposures_{{ band }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from stg_sources
    left join nearest_lenses
        on
            stg_sources.brickid = nearest_lenses.brickid
            and stg_sources.objid = nearest_lenses.objid
),

-- One number for all options.
numbers_counted as (
    select
        cut_number,
        fails_exposures_g,
        fails_exposures_r,
        fails_exposures_z,
        case
            when cut_number = 0
                then
                    {%- for cut in optional_cuts() %}
                    {{ 2 ** loop.index0 }}
                    * ({{ fails(cut) | replace('pool_rules.', limits) | replace('stg_sources.', '') }})::integer
                    {%- if not loop.last %} +{% endif %}
                    {%- endfor %}
        end as options_failed,
        count(*) as n_sources
    from sources_with_cut
    group by all
),

combinations_named as (
    select
        cut_number,
        fails_exposures_g,
        fails_exposures_r,
        fails_exposures_z,
        {%- for cut in optional_cuts() %}
        (options_failed & {{ 2 ** loop.index0 }}) <> 0 as fails_{{ cut }},
        {%- endfor %}
        n_sources
    from numbers_counted
),

cut_combinations as (
    select
        * exclude (cut_number),
        case
            when cut_number > 0 then ['{{ standing_cuts() | join("', '") }}'][cut_number]
            {%- for cut in optional_cuts() if cut in applied_cuts() %}
            when fails_{{ cut }} then '{{ cut }}'
            {%- endfor %}
        end as first_failed_cut
    from combinations_named
)

select * from cut_combinations
