{{ config(materialized="view") }}
{%- set limits = [
    'shortcut_min_positives', 'gate_min_positive_ok_frac', 'gate_min_negative_ok_frac',
    'gate_max_median_colour_off_mag', 'gate_max_median_flux_off_dex', 'shortcut_nuisance_auc',
    'shortcut_red_auc', 'shortcut_physics_auc', 'shortcut_max_yellow',
] -%}
with

cutout_gate_rules as (
    select * from {{ ref('cutout_gate_rules') }}
),

-- A pixel that is exactly zero, where no exposure is, takes up even the light of the sham.
limits as (
    select
        {%- for name in limits %}
        {{ var(name) }}::double as {{ name }},
        {%- endfor %}
        pow(10e0, -0.4e0 * ({{ var('sham_source_mag') }} - {{ var('ab_zp_nmgy') }})) as sham_source_nmgy
),

limits_by_name as (
    unpivot limits
    on columns(*)
    into name limit_name value limit_value
),

cutout_gate_limits as (
    select
        cutout_gate_rules.*,
        limits_by_name.limit_value
    from cutout_gate_rules
    inner join limits_by_name on cutout_gate_rules.limit_name = limits_by_name.limit_name
)

select * from cutout_gate_limits
