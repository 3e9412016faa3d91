with

pool_members as (
    select * from {{ ref('pool_members') }}
),

counts as (
    select
        stratum,
        count(*) filter (where is_lens and split <> 'buffer') as n_positives,
        count(*) filter (where is_lens and split = 'buffer') as n_positives_in_buffer,
        count(*) filter (where pool = 'N1' and is_available) as n1_available,
        count(*) filter (where pool = 'N2' and is_available) as n2_available,
        count(*) filter (where is_for_inspection) as n_for_inspection
    from (
        select
            *,
            split <> 'buffer' and not is_for_inspection as is_available
        from pool_members
    )
    group by stratum
),

targets as (
    select
        *,
        n_positives * {{ var('pool_negatives_per_positive') }} as n_target,
        floor(n_positives * {{ var('pool_negatives_per_positive') }} * {{ var('pool_n1_fraction') }})
            ::bigint as n1_target,
        n_target - n1_target as n2_target
    from counts
    where n_positives + n_positives_in_buffer > 0
),

-- What N2 lacks is filled up from N1; what N1 lacks stays lacking.
training_strata as (
    select
        stratum,
        n_positives,
        n_positives_in_buffer,
        n_target,
        n1_target,
        n2_target,
        n1_available,
        n2_available,
        n_for_inspection,
        least(n2_available, n2_target) as n2,
        least(n1_available, n1_target + n2_target - n2) as n1,
        greatest(0, n1 - n1_target) as n_backfilled,
        n_target - n1 - n2 as n_short,
        case
            when n_positives = 0 then 'all_in_buffer'
            when n1 + n2 = 0 then 'no_supply'
            when n_target > n1 + n2 then 'short_supply'
        end as reason_code
    from targets
)

select * from training_strata
order by stratum
