{%- set n = n_rule_bits(ref('recovery_thresholds')) -%}
with

completeness_patterns as (
    select * from {{ ref('completeness_patterns') }}
),

cubes as (
    select distinct
        cube,
        only_rule_kind
    from {{ ref('completeness_grid') }}
),

rules as (
    select
        recovery_thresholds.experiment_number,
        recovery_thresholds.rule_bit,
        cubes.cube
    from {{ ref('recovery_thresholds') }} as recovery_thresholds
    inner join cubes
        on coalesce(cubes.only_rule_kind, recovery_thresholds.rule_kind) = recovery_thresholds.rule_kind
),

-- Few lists of outcomes occur, in very many cells: each is judged once.
outcome_lists as (
    select
        outcomes,
        row_number() over () as outcome_list
    from completeness_patterns
    group by outcomes
),

listed_outcomes as (
    select
        outcome_list,
        unnest(outcomes)::bigint as outcome
    from outcome_lists
),

judged_outcomes as (
    select
        listed_outcomes.outcome_list,
        rule_bits.rule_bit,
        (listed_outcomes.outcome >> {{ 2 * n }}) & 1 = 1 as is_clean,
        (listed_outcomes.outcome >> (rule_bits.rule_bit + {{ n }})) & 1 = 1 as is_detected
    from listed_outcomes
    cross join (select distinct rule_bit from rules) as rule_bits
    where (listed_outcomes.outcome >> rule_bits.rule_bit) & 1 = 1
),

list_counts as (
    select
        outcome_list,
        rule_bit,
        'all' as quality,
        count(*) as n_valid,
        count(*) filter (where is_detected) as n_recovered
    from judged_outcomes
    group by outcome_list, rule_bit
    union all
    select
        outcome_list,
        rule_bit,
        'clean' as quality,
        count(*) as n_valid,
        count(*) filter (where is_detected) as n_recovered
    from judged_outcomes
    where is_clean
    group by outcome_list, rule_bit
),

cells as (
    select
        cube,
        is_control,
        experiment_number,
        cell,
        row_number() over () as cell_number
    from completeness_patterns
    group by cube, is_control, experiment_number, cell
),

patterns as (
    select
        cells.cube,
        cells.experiment_number,
        cells.is_control,
        cells.cell_number,
        outcome_lists.outcome_list,
        completeness_patterns.n_hosts
    from completeness_patterns
    inner join cells using (cube, is_control, experiment_number, cell)
    inner join outcome_lists using (outcomes)
),

-- Hosts of a cell that show the same outcomes.
host_kinds as not materialized (
    select
        patterns.cell_number,
        patterns.is_control,
        rules.rule_bit,
        list_counts.quality,
        list_counts.n_valid,
        list_counts.n_recovered,
        patterns.n_hosts
    from patterns
    inner join rules
        on patterns.cube = rules.cube and patterns.experiment_number = rules.experiment_number
    inner join list_counts
        on patterns.outcome_list = list_counts.outcome_list and rules.rule_bit = list_counts.rule_bit
),

cell_sums as (
    select
        cell_number,
        rule_bit,
        quality,
        sum(n_hosts * n_valid)::bigint as n_valid,
        sum(n_hosts * n_recovered)::bigint as n_recovered,
        sum(n_hosts)::bigint as n_hosts,
        coalesce(sum(n_hosts) filter (where n_recovered > 0), 0)::bigint as n_hosts_recovered,
        coalesce(sum(n_hosts) filter (where n_recovered < n_valid), 0)::bigint as n_hosts_missed,
        sum(n_hosts * n_valid * n_valid)::double as sum_valid2,
        sum(n_hosts * n_recovered * n_recovered)::double as sum_recovered2,
        sum(n_hosts * n_valid * n_recovered)::double as sum_valid_recovered
    from host_kinds
    group by cell_number, rule_bit, quality
),

large_cells as (
    select
        cell_number,
        rule_bit,
        quality
    from cell_sums
    where
        n_hosts >= {{ var('bootstrap_min_hosts') }}
        and n_hosts_recovered >= {{ var('bootstrap_min_hosts_either_way') }}
        and n_hosts_missed >= {{ var('bootstrap_min_hosts_either_way') }}
),

kinds_of_large_cells as (
    select
        host_kinds.cell_number,
        host_kinds.rule_bit,
        host_kinds.quality,
        host_kinds.n_valid,
        host_kinds.n_recovered,
        sum(host_kinds.n_hosts)::bigint as n_hosts
    from host_kinds
    inner join large_cells using (cell_number, rule_bit, quality)
    where not host_kinds.is_control
    group by
        host_kinds.cell_number,
        host_kinds.rule_bit,
        host_kinds.quality,
        host_kinds.n_valid,
        host_kinds.n_recovered
),

-- The bootstrap needs the hosts of a cell kind by kind.
listed_kinds as (
    select
        cell_number,
        rule_bit,
        quality,
        list(n_valid order by n_valid, n_recovered) as kinds_n_valid,
        list(n_recovered order by n_valid, n_recovered) as kinds_n_recovered,
        list(n_hosts order by n_valid, n_recovered) as kinds_n_hosts
    from kinds_of_large_cells
    group by cell_number, rule_bit, quality
),

completeness_counts as (
    select
        cells.cube,
        cells.is_control,
        cells.experiment_number,
        cells.cell,
        cell_sums.* exclude (cell_number),
        listed_kinds.kinds_n_valid,
        listed_kinds.kinds_n_recovered,
        listed_kinds.kinds_n_hosts
    from cell_sums
    inner join cells using (cell_number)
    left join listed_kinds using (cell_number, rule_bit, quality)
)

select * from completeness_counts
