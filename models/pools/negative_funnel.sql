-- Its suite compares with the candidates, so they come first.
-- depends_on: {{ ref('negative_candidates') }}
with

pool_cuts as (
    select * from {{ ref('pool_cuts') }}
),

cut_combinations as (
    select * from {{ ref('cut_combinations') }}
),

lost_to_options as (
    select * from {{ ref('lost_to_options') }}
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
    union all by name
    select
        'n1_type' as cut_name,
        count(*) as n_rejected
    from candidate_pools
    where pool is null
),

-- Of all sources, whatever else they fail.
bands_counted as (
    select
        {%- for band in var('bands') %}
        coalesce(sum(n_sources) filter (where fails_exposures_{{ band }}), 0)
            as exposures_{{ band }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cut_combinations
),

failing_by_band as (
    unpivot bands_counted
    on columns(*)
    into name cut_name value n_failing
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
        coalesce(rejected.n_rejected, 0)::bigint as n_rejected,
        lost_to_options.n_lost_if_applied
    from pool_cuts
    left join rejected on pool_cuts.cut_name = rejected.cut_name
    left join lost_to_options on pool_cuts.cut_name = lost_to_options.cut_name
    union all by name
    select
        pool_cuts.cut_order,
        failing_by_band.cut_name,
        replace(failing_by_band.cut_name, 'exposures', 'nobs') || '_lt_min' as reason_code,
        false as is_applied,
        true as is_diagnostic,
        failing_by_band.n_failing,
        0 as n_rejected
    from failing_by_band
    inner join pool_cuts on pool_cuts.cut_name = 'exposures'
),

sources_left as (
    select
        funnel_rows.*,
        total.n_sources
        - sum(n_rejected) over (order by cut_order, is_diagnostic, cut_name) as n_out
    from funnel_rows
    cross join total
),

negative_funnel as (
    select
        '{{ pool_rule_set() }}' as rule_set,
        cut_order,
        cut_name,
        reason_code,
        is_applied,
        is_diagnostic,
        (n_out + n_rejected)::bigint as n_in,
        n_rejected,
        n_out::bigint as n_out,
        n_failing::bigint as n_failing,
        n_lost_if_applied::bigint as n_lost_if_applied
    from sources_left
)

select * from negative_funnel
order by cut_order, is_diagnostic, cut_name
