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
        sum(n_attempt) as n_attempt,
        sum(n_valid_all) as n_valid_all,
        sum(n_valid_clean) as n_valid_clean,
        sum(n_recovered_all) as n_recovered_all,
        sum(n_recovered_clean) as n_recovered_clean
    from completeness_cells
    group by cube, experiment_id, rule
),

pooled as (
    select * from sums where cube = 'overall'
)

select
    sums.cube,
    sums.experiment_id,
    sums.rule
from sums
left join pooled using (experiment_id, rule)
where
    (sums.n_attempt, sums.n_valid_all, sums.n_valid_clean, sums.n_recovered_all, sums.n_recovered_clean)
    is distinct from (
        pooled.n_attempt,
        pooled.n_valid_all,
        pooled.n_valid_clean,
        pooled.n_recovered_all,
        pooled.n_recovered_clean
    )
