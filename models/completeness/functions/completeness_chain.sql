{{ config(
    materialized='lake_function',
    parameters="chosen_rule := 'original', chosen_quality := 'clean'",
) }}
with

task_outcomes as (
    select * from {{ ref('task_outcomes') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }} where rule = chosen_rule
),

theta_e_bins as (
    select * from {{ ref('completeness_bins') }} where axis = 'theta_e_arcsec'
),

cells as (
    select *
    from {{ ref('completeness_cells') }}
    where
        cube = 'by_theta_e_arcsec'
        and rule = chosen_rule
        and quality = {{ known_quality() }}
        and n_attempt > 0
),

parent_factor as (
    select
        count(*) as n_known_lenses,
        avg(is_parent::double) as parent_share,
        {{ wilson_bound('parent_share', 'n_known_lenses', '-') }} as parent_low,
        {{ wilson_bound('parent_share', 'n_known_lenses', '+') }} as parent_high
    from {{ ref('known_lens_parents') }}
),

hosts as (
    select
        recovery_thresholds.experiment_id,
        task_outcomes.theta_e_arcsec as bin,
        task_outcomes.host_number,
        count(*)::double as n,
        count(*) filter (
            where {{ is_usable('task_outcomes.outcome', 'recovery_thresholds.rule_number') }}
            and (task_outcomes.is_clean or {{ known_quality() }} = 'all')
        )::double as k
    from task_outcomes
    inner join recovery_thresholds using (experiment_number)
    where task_outcomes.is_first_of_render and not task_outcomes.is_control
    group by recovery_thresholds.experiment_id, task_outcomes.theta_e_arcsec, task_outcomes.host_number
),

-- A host mostly is usable at every attempt or at none, so that hosts are what is counted.
usable_factor as (
    select
        hosts.experiment_id,
        theta_e_bins.low as theta_e_arcsec_low,
        count(*) as n_hosts_attempted,
        sum(hosts.n)::bigint as n_attempt,
        sum(hosts.k) / sum(hosts.n) as usable_share,
        sum(hosts.n) / ({{ host_design_effect(
            'count(*)', 'sum(n)', 'sum(k)', 'sum(n * n)', 'sum(k * k)', 'sum(n * k)'
        ) }}) as usable_n_effective,
        {{ wilson_bound('usable_share', 'usable_n_effective', '-') }} as usable_low,
        {{ wilson_bound('usable_share', 'usable_n_effective', '+') }} as usable_high
    from hosts
    left join theta_e_bins using (bin)
    group by hosts.experiment_id, theta_e_bins.low
)

select
    cells.experiment_id,
    cells.rule,
    cells.theta_e_arcsec_low,
    cells.theta_e_arcsec_high,
    parent_factor.n_known_lenses,
    parent_factor.parent_share,
    parent_factor.parent_low,
    parent_factor.parent_high,
    usable_factor.n_attempt,
    usable_factor.n_hosts_attempted,
    usable_factor.usable_n_effective,
    usable_factor.usable_share,
    usable_factor.usable_low,
    usable_factor.usable_high,
    cells.n_hosts,
    cells.completeness_valid as detected_share,
    cells.wilson_low as detected_low,
    cells.wilson_high as detected_high,
    parent_factor.parent_share * usable_factor.usable_share * detected_share as chain,
    parent_factor.parent_low * usable_factor.usable_low * detected_low as chain_low,
    parent_factor.parent_high * usable_factor.usable_high * detected_high as chain_high
from cells
inner join usable_factor
    on cells.experiment_id = usable_factor.experiment_id
    and cells.theta_e_arcsec_low is not distinct from usable_factor.theta_e_arcsec_low
cross join parent_factor
order by cells.experiment_id, cells.theta_e_arcsec_low
