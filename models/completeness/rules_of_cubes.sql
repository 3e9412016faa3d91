{{ config(materialized='ephemeral') }}
-- One row per cube, experiment and rule whose completeness the cube gives.
with

cubes as (
    select distinct
        cube,
        only_rule_kind
    from {{ ref('completeness_grid') }}
),

recovery_thresholds as (
    select * from {{ ref('recovery_thresholds') }}
),

rules_of_cubes as (
    select
        cubes.cube,
        recovery_thresholds.experiment_number,
        recovery_thresholds.experiment_id,
        recovery_thresholds.rule_number,
        recovery_thresholds.rule,
        recovery_thresholds.rule_kind
    from cubes
    inner join recovery_thresholds
        on coalesce(cubes.only_rule_kind, recovery_thresholds.rule_kind) = recovery_thresholds.rule_kind
)

select * from rules_of_cubes
