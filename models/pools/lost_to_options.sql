{{ config(materialized='ephemeral') }}
with

cut_combinations as (
    select * from {{ ref('cut_combinations') }}
    where first_failed_cut is null
),

options_counted as (
    select
        {%- for cut in optional_cuts() %}
        coalesce(sum(n_sources) filter (where fails_{{ cut }}), 0)
            as {{ cut }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cut_combinations
),

lost_to_options as (
    unpivot options_counted
    on columns(*)
    into name cut_name value n_lost_if_applied
)

select * from lost_to_options
