-- Cubes that count a render once: their cells add up to the pooled numbers, outside bins included.
with

completeness_cells as (
    select * from {{ ref('completeness_cells') }}
    where cube not in ('selection', 'original', 'original_over_regions', 'by_selection_set_id')
),

sums as (
    select
        cube,
        experiment_id,
        rule,
        quality,
        sum(n_attempt) as n_attempt,
        sum(n_valid) as n_valid,
        sum(n_recovered) as n_recovered
    from completeness_cells
    group by cube, experiment_id, rule, quality
),

pooled as (
    select * from sums where cube = 'overall'
)

select
    sums.cube,
    sums.experiment_id,
    sums.rule,
    sums.quality
from sums
left join pooled using (experiment_id, rule, quality)
where
    (sums.n_attempt, sums.n_valid, sums.n_recovered)
    is distinct from (pooled.n_attempt, pooled.n_valid, pooled.n_recovered)
