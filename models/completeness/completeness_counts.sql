with

completeness_patterns as (
    select * from {{ ref('completeness_patterns') }}
),

outcome_lists as (
    select * from {{ ref('outcome_lists') }}
),

rules as (
    select * from {{ ref('rules_of_cubes') }}
),

-- Numbers are joined faster than keys and lists.
list_numbers as (
    select distinct outcomes, outcome_list from outcome_lists
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
        list_numbers.outcome_list,
        completeness_patterns.n_hosts
    from completeness_patterns
    inner join cells using (cube, is_control, experiment_number, cell)
    inner join list_numbers using (outcomes)
),

-- Hosts of a cell that show the same outcomes.
host_kinds as not materialized (
    select
        patterns.cell_number,
        patterns.is_control,
        rules.rule_number,
        outcome_lists.quality,
        outcome_lists.n_valid,
        outcome_lists.n_recovered,
        patterns.n_hosts
    from patterns
    inner join rules
        on patterns.cube = rules.cube and patterns.experiment_number = rules.experiment_number
    inner join outcome_lists
        on patterns.outcome_list = outcome_lists.outcome_list
        and rules.rule_number = outcome_lists.rule_number
),

cell_sums as (
    select
        cell_number,
        rule_number,
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
    group by cell_number, rule_number, quality
),

large_cells as (
    select cell_number, rule_number, quality
    from cell_sums
    where
        n_hosts >= {{ var('bootstrap_min_hosts') }}
        and least(n_hosts_recovered, n_hosts_missed) >= {{ var('bootstrap_min_hosts_either_way') }}
),

kinds_of_large_cells as (
    select
        host_kinds.* exclude (n_hosts, is_control),
        sum(host_kinds.n_hosts)::bigint as n_hosts
    from host_kinds
    inner join large_cells using (cell_number, rule_number, quality)
    where not host_kinds.is_control
    group by all
),

-- The bootstrap needs the hosts of a cell kind by kind.
listed_kinds as (
    select
        cell_number,
        rule_number,
        quality,
        list(n_valid order by n_valid, n_recovered) as kinds_n_valid,
        list(n_recovered order by n_valid, n_recovered) as kinds_n_recovered,
        list(n_hosts order by n_valid, n_recovered) as kinds_n_hosts
    from kinds_of_large_cells
    group by cell_number, rule_number, quality
),

completeness_counts as (
    select
        cells.* exclude (cell_number),
        cell_sums.* exclude (cell_number),
        listed_kinds.* exclude (cell_number, rule_number, quality)
    from cell_sums
    inner join cells using (cell_number)
    left join listed_kinds using (cell_number, rule_number, quality)
)

select * from completeness_counts
