with

cutout_gate_limits as (
    select * from {{ ref('cutout_gate_limits') }}
),

cutout_gate_values as (
    select * from {{ ref('cutout_gate_values') }}
),

-- A gate whose test was not done blocks, whatever it does otherwise.
gates_with_value as (
    select
        cutout_gate_limits.gate,
        cutout_gate_limits.is_blocking or cutout_gate_values.gate is null as is_blocking,
        cutout_gate_values.value,
        cutout_gate_limits.comparison,
        cutout_gate_limits.limit_value,
        coalesce(cutout_gate_values.offenders, []) as offenders
    from cutout_gate_limits
    left join cutout_gate_values on cutout_gate_limits.gate = cutout_gate_values.gate
),

-- A gate without a number is shut.
judged_gates as (
    select
        * exclude (offenders),
        coalesce(
            if(comparison = '>=', value >= limit_value, value <= limit_value) and not isnan(value),
            false
        ) as is_pass,
        case when is_pass then 'pass' when is_blocking then 'fail' else 'warning' end as verdict,
        if(is_pass, [], offenders) as offenders
    from gates_with_value
),

overall as (
    select
        'overall' as gate,
        true as is_blocking,
        count(*)::double as value,
        '<=' as comparison,
        0e0 as limit_value,
        coalesce(list(gate order by gate), []) as offenders,
        count(*) = 0 as is_pass,
        if(count(*) = 0, 'GO', 'NO-GO') as verdict
    from judged_gates
    where verdict = 'fail'
),

cutout_gates as (
    select * from judged_gates
    union all by name
    select * from overall
)

select * from cutout_gates
