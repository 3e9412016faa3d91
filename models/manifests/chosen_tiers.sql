{{ config(materialized='ephemeral') }}
-- One row per tier and grid that the vars choose, with the selection sets it takes its hosts from.
with

tiers as (
    select * from {{ ref('tiers') }}
    where
        survey_size = '{{ checked_var("survey_size", seed_values("tiers", "survey_size")) }}'
        and tier in ({{ checked_list('tiers', seed_values('tiers', 'tier')) }})
        {%- if var('grids') %}
        and grid in ({{ checked_list('grids', seed_values('tiers', 'grid')) }})
        {%- endif %}
),

grids as (
    select distinct
        grid,
        is_prior,
        n_configs
    from {{ ref('injection_configs') }}
),

selection_sets as (
    select list(selection_set_id order by selection_set_id) as all_selection_set_ids
    from {{ ref('selection_sets') }}
    {%- if var('selection_sets') %}
    where selection_set_id in (
        {{ checked_list('selection_sets', seed_values('selection_sets', 'selection_set_id')) }}
    )
    {%- endif %}
),

chosen_tiers as (
    select
        tiers.* exclude (selection_sets),
        grids.is_prior,
        grids.n_configs,
        case
            when tiers.selection_sets = 'all' then selection_sets.all_selection_set_ids
            else list_intersect(
                string_split(tiers.selection_sets, ' '), selection_sets.all_selection_set_ids
            )
        end as selection_set_ids
    from tiers
    inner join grids on tiers.grid = grids.grid
    cross join selection_sets
)

select * from chosen_tiers
