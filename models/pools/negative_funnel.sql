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

-- One row per cut and combination of cuts, so that a source counts under each cut that it fails.
cuts_by_combination as (
    select
        first_failed_cut,
        n_sources,
        unnest([
            {%- for cut in source_cuts() %}
            {cut_name: '{{ cut }}', fails: fails_{{ cut }}},
            {%- endfor %}
            {cut_name: 'exposures_g', fails: fails_exposures_g},
            {cut_name: 'exposures_r', fails: fails_exposures_r},
            {cut_name: 'exposures_z', fails: fails_exposures_z}
        ], recursive := true)
    from cut_combinations
),

counts as (
    select
        cut_name,
        coalesce(sum(n_sources) filter (where fails), 0) as n_failing,
        coalesce(sum(n_sources) filter (where first_failed_cut = cut_name), 0) as n_first_failing,
        -- What this cut alone takes from, or would take from, what all applied cuts leave.
        coalesce(sum(n_sources) filter (where fails and first_failed_cut is null), 0)
            as n_lost_if_applied
    from cuts_by_combination
    group by cut_name
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
        coalesce(counts.n_failing, n1_type_counts.n_first_failing) as n_failing,
        coalesce(n1_type_counts.n_first_failing, counts.n_first_failing)::bigint as n_rejected,
        coalesce(counts.n_lost_if_applied, 0) as n_lost_if_applied
    from pool_cuts
    left join counts on pool_cuts.cut_name = counts.cut_name
    left join n1_type_counts on pool_cuts.cut_name = n1_type_counts.cut_name
    union all
    select
        pool_cuts.cut_order,
        counts.cut_name,
        replace(counts.cut_name, 'exposures', 'nobs') || '_lt_min' as reason_code,
        false as is_applied,
        true as is_diagnostic,
        counts.n_failing,
        0 as n_rejected,
        counts.n_lost_if_applied
    from counts
    inner join pool_cuts on pool_cuts.cut_name = 'exposures'
    where counts.cut_name in ('exposures_g', 'exposures_r', 'exposures_z')
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
