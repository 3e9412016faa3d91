-- Its suite compares with the candidates, so they come first.
-- depends_on: {{ ref('negative_candidates') }}
with

pool_cuts as (
    select * from {{ ref('pool_cuts') }}
),

cut_combinations as (
    select * from {{ ref('cut_combinations') }}
),

candidate_pools as (
    select * from {{ ref('candidate_pools') }}
),

rejected as (
    select
        first_failed_cut as cut_name,
        sum(n_sources) as n_rejected
    from cut_combinations
    where first_failed_cut is not null
    group by first_failed_cut
),

-- Of all sources, whatever else they fail.
failing_by_band as (
    {%- for band in ['g', 'r', 'z'] %}
    select
        'exposures_{{ band }}' as cut_name,
        coalesce(sum(n_sources) filter (where fails_exposures_{{ band }}), 0) as n_failing
    from cut_combinations
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- What an option alone would take from what all applied cuts leave.
lost_to_options as (
    {%- for cut in optional_cuts() %}
    select
        '{{ cut }}' as cut_name,
        coalesce(sum(n_sources) filter (where fails_{{ cut }}), 0) as n_lost_if_applied
    from cut_combinations
    where first_failed_cut is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

n1_type_counts as (
    select
        'n1_type' as cut_name,
        count(*) filter (where pool is null) as n_first_failing
    from candidate_pools
),

total as (
    select sum(n_sources) as n_sources
    from cut_combinations
),

funnel_rows as (
    select
        pool_cuts.cut_order,
        pool_cuts.cut_name,
        pool_cuts.reason_code,
        pool_cuts.cut_name in ('{{ (applied_cuts() + ["n1_type"]) | join("', '") }}') as is_applied,
        false as is_diagnostic,
        null as n_failing,
        coalesce(n1_type_counts.n_first_failing, rejected.n_rejected, 0)::bigint as n_rejected,
        lost_to_options.n_lost_if_applied
    from pool_cuts
    left join rejected on pool_cuts.cut_name = rejected.cut_name
    left join lost_to_options on pool_cuts.cut_name = lost_to_options.cut_name
    left join n1_type_counts on pool_cuts.cut_name = n1_type_counts.cut_name
    union all
    select
        pool_cuts.cut_order,
        failing_by_band.cut_name,
        replace(failing_by_band.cut_name, 'exposures', 'nobs') || '_lt_min' as reason_code,
        false as is_applied,
        true as is_diagnostic,
        failing_by_band.n_failing,
        0 as n_rejected,
        null as n_lost_if_applied
    from failing_by_band
    inner join pool_cuts on pool_cuts.cut_name = 'exposures'
),

negative_funnel as (
    select
        '{{ pool_rule_set() }}' as rule_set,
        funnel_rows.cut_order,
        funnel_rows.cut_name,
        funnel_rows.reason_code,
        funnel_rows.is_applied,
        funnel_rows.is_diagnostic,
        (
            total.n_sources - sum(funnel_rows.n_rejected) over (
                order by funnel_rows.cut_order, funnel_rows.is_diagnostic, funnel_rows.cut_name
            ) + funnel_rows.n_rejected
        )::bigint as n_in,
        funnel_rows.n_rejected,
        (
            total.n_sources - sum(funnel_rows.n_rejected) over (
                order by funnel_rows.cut_order, funnel_rows.is_diagnostic, funnel_rows.cut_name
            )
        )::bigint as n_out,
        funnel_rows.n_failing::bigint as n_failing,
        funnel_rows.n_lost_if_applied::bigint as n_lost_if_applied
    from funnel_rows
    cross join total
)

select * from negative_funnel
order by cut_order, is_diagnostic, cut_name
