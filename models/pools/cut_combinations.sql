with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

nearest_lenses as (
    select * from {{ ref('nearest_lenses') }}
),

-- Each cut is worked out only for what the ones before have left, which takes a third of the time
-- of all flags of all sources.
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
            when {{ fails(cut) }} then '{{ cut }}'
            {%- endfor %}
        end as failed_standing_cut,
        {%- for band in var('bands') %}
        {{ fails('exposures_' ~ band) }} as fails_exposures_{{ band }}{{ ',' if not loop.last }}
        {%- endfor %}
    from stg_sources
    cross join pool_rules
    left join nearest_lenses
        on
            stg_sources.brickid = nearest_lenses.brickid
            and stg_sources.objid = nearest_lenses.objid
),

combinations_counted as (
    select
        sources_with_cut.failed_standing_cut,
        {%- for band in var('bands') %}
        sources_with_cut.fails_exposures_{{ band }},
        {%- endfor %}
        {%- for cut in optional_cuts() %}
        case
            when sources_with_cut.failed_standing_cut is null
                then {{ fails(cut, source='sources_with_cut') }}
        end as fails_{{ cut }},
        {%- endfor %}
        count(*) as n_sources
    from sources_with_cut
    cross join pool_rules
    group by all
),

cut_combinations as (
    select
        * exclude (failed_standing_cut),
        case
            when failed_standing_cut is not null then failed_standing_cut
            {%- for cut in optional_cuts() if cut in applied_cuts() %}
            when fails_{{ cut }} then '{{ cut }}'
            {%- endfor %}
        end as first_failed_cut
    from combinations_counted
)

select * from cut_combinations
