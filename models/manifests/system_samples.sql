{{ config(materialized='ephemeral') }}
-- One row per system and sample (experiment and selection set) that its galaxy was drawn for.
with

systems as (
    select * from {{ ref('systems') }}
),

sampled_galaxies as (
    select * from {{ ref('sampled_galaxies') }}
),

injection_configs as (
    select
        config_id,
        config_index,
        grid
    from {{ ref('injection_configs') }}
),

system_samples as (
    select
        systems.*,
        sampled_galaxies.* exclude (brickid, objid, grid)
    from systems
    left join injection_configs on systems.config_id = injection_configs.config_id
    inner join sampled_galaxies
        on
            systems.brickid = sampled_galaxies.brickid
            and systems.objid = sampled_galaxies.objid
    where
        case
            when systems.config_id = 'CONTROL' then sampled_galaxies.is_control_host
            else
                -- a control that stands in for a config has no grid of its own
                injection_configs.grid = sampled_galaxies.grid
                and coalesce(sampled_galaxies.config_index = injection_configs.config_index, true)
                {%- if var('control_pairing') == 'disjoint' %}
                and systems.is_control = sampled_galaxies.is_control_host
                {%- endif %}
        end
)

select * from system_samples
