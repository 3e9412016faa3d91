-- A search of the pixels has an answer for nearly every good stamp, with an arc or without.
with

good_stamps as (
    select
        experiment_id,
        is_control,
        count(*) as n_stamps,
        count(blind_snr) as n_measured
    from {{ ref('injections') }}
    where metrics_ok and len(bandset) > 1
    group by experiment_id, is_control
)

select *
from good_stamps
where n_measured < 0.9 * n_stamps
