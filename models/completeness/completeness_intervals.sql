with

completeness_counts as (
    select
        *,
        n_recovered / n_valid as share,
        {{ host_design_effect(
            'n_hosts', 'n_valid', 'n_recovered', 'sum_valid2', 'sum_recovered2', 'sum_valid_recovered'
        ) }} as design_effect,
        n_valid / design_effect as n_effective
    from {{ ref('completeness_counts') }}
),

bootstrapped_counts as (
    select
        *,
        case
            when {{ var('completeness_bootstrap') }}
                then host_bootstrap(
                    kinds_n_valid,
                    kinds_n_recovered,
                    kinds_n_hosts,
                    md5(concat_ws(
                        '|',
                        '{{ var("seed") }}', cube, experiment_number, cell, rule_number - 1, quality, 'bootstrap'
                    )),
                    {{ var('interval_level') }}
                )
        end as bootstrap
    from completeness_counts
),

completeness_intervals as (
    select
        cube,
        is_control,
        experiment_number,
        cell,
        rule_number,
        quality,
        n_valid,
        n_recovered,
        n_hosts,
        share,
        design_effect,
        n_effective,
        {{ var('interval_level') }}::double as interval_level,
        {{ wilson_bound('share', 'n_effective', '-') }} as wilson_low,
        {{ wilson_bound('share', 'n_effective', '+') }} as wilson_high,
        {{ jeffreys_low('share', 'n_effective') }} as jeffreys_low,
        {{ jeffreys_high('share', 'n_effective') }} as jeffreys_high,
        bootstrap.low as bootstrap_low,
        bootstrap.high as bootstrap_high
    from bootstrapped_counts
)

select * from completeness_intervals
