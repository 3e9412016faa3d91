with

completeness_patterns as (
    select
        row_number() over () as pattern,
        *
    from {{ ref('completeness_patterns') }}
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

pattern_outcomes as (
    select
        pattern,
        cube,
        experiment_number,
        unnest(outcomes) as outcome
    from completeness_patterns
),

outcome_counts as (
    select
        pattern,
        cube,
        experiment_number,
        outcome,
        count(*) as n,
        (outcome >> 60) & 1 = 1 as is_clean
    from pattern_outcomes
    group by pattern, cube, experiment_number, outcome
),

judged_outcomes as (
    select
        outcome_counts.*,
        rules.rule_bit,
        (outcome_counts.outcome >> rules.rule_bit) & 1 = 1 as is_usable,
        (outcome_counts.outcome >> (rules.rule_bit + 30)) & 1 = 1 as is_detected
    from outcome_counts
    inner join rules using (cube, experiment_number)
),

pattern_counts as (
    select
        pattern,
        rule_bit,
        'all' as quality,
        sum(n)::bigint as n_valid,
        coalesce(sum(n) filter (where is_detected), 0)::bigint as n_recovered
    from judged_outcomes
    where is_usable
    group by pattern, rule_bit
    union all
    select
        pattern,
        rule_bit,
        'clean' as quality,
        sum(n)::bigint as n_valid,
        coalesce(sum(n) filter (where is_detected), 0)::bigint as n_recovered
    from judged_outcomes
    where is_usable and is_clean
    group by pattern, rule_bit
),

-- Hosts of a cell that show the same numbers of valid and of recovered injections.
host_kinds as (
    select
        completeness_patterns.cube,
        completeness_patterns.is_control,
        completeness_patterns.experiment_number,
        completeness_patterns.cell,
        pattern_counts.rule_bit,
        pattern_counts.quality,
        pattern_counts.n_valid,
        pattern_counts.n_recovered,
        sum(completeness_patterns.n_hosts)::bigint as n_hosts
    from pattern_counts
    inner join completeness_patterns using (pattern)
    group by all
),

cell_sums as (
    select
        cube,
        is_control,
        experiment_number,
        cell,
        rule_bit,
        quality,
        sum(n_hosts * n_valid)::bigint as n_valid,
        sum(n_hosts * n_recovered)::bigint as n_recovered,
        sum(n_hosts)::bigint as n_hosts,
        sum(n_hosts) filter (where n_recovered > 0)::bigint as n_hosts_recovered,
        sum(n_hosts) filter (where n_recovered < n_valid)::bigint as n_hosts_missed,
        sum(n_hosts * n_valid * n_valid)::double as sum_valid2,
        sum(n_hosts * n_recovered * n_recovered)::double as sum_recovered2,
        sum(n_hosts * n_valid * n_recovered)::double as sum_valid_recovered
    from host_kinds
    group by cube, is_control, experiment_number, cell, rule_bit, quality
),

-- The bootstrap needs the hosts of a cell kind by kind.
kinds_of_large_cells as (
    select
        cube,
        is_control,
        experiment_number,
        cell,
        rule_bit,
        quality,
        list(host_kinds.n_valid order by host_kinds.n_valid, host_kinds.n_recovered) as kinds_n_valid,
        list(host_kinds.n_recovered order by host_kinds.n_valid, host_kinds.n_recovered)
            as kinds_n_recovered,
        list(host_kinds.n_hosts order by host_kinds.n_valid, host_kinds.n_recovered)
            as kinds_n_hosts
    from host_kinds
    inner join cell_sums using (cube, is_control, experiment_number, cell, rule_bit, quality)
    where
        not is_control
        and cell_sums.n_hosts >= {{ var('bootstrap_min_hosts') }}
        and cell_sums.n_hosts_recovered >= {{ var('bootstrap_min_hosts_either_way') }}
        and cell_sums.n_hosts_missed >= {{ var('bootstrap_min_hosts_either_way') }}
    group by cube, is_control, experiment_number, cell, rule_bit, quality
),

completeness_counts as (
    select
        cell_sums.*,
        kinds_of_large_cells.kinds_n_valid,
        kinds_of_large_cells.kinds_n_recovered,
        kinds_of_large_cells.kinds_n_hosts
    from cell_sums
    left join kinds_of_large_cells
        using (cube, is_control, experiment_number, cell, rule_bit, quality)
)

select * from completeness_counts
