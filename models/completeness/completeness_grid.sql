{%- set cubes = completeness_cubes() -%}
{%- set all_axes = seed_rows('completeness_axes', 'axis_order') -%}
{%- set shared = control_cubes(cubes) -%}
{%- do refuse_huge_cubes(cubes, ref('completeness_signal')) -%}
-- depends_on: {{ ref('completeness_axes') }}, {{ ref('completeness_cubes') }}
with

cells_met as (
    select * from {{ ref('completeness_signal') }}
),

completeness_bins as (
    select * from {{ ref('completeness_bins') }}
),

experiments as (
    select distinct experiment_number from cells_met
)
{%- for axis in all_axes %},

bins_of_{{ axis.axis }} as (
    {%- if axis.axis_kind == 'binned' %}
    select
        experiments.experiment_number,
        completeness_bins.bin::smallint as {{ axis.axis }}
    from completeness_bins
    cross join experiments
    where completeness_bins.axis = '{{ axis.axis }}'
    {%- else %}
    select distinct
        experiment_number,
        {{ axis.axis }}
    from cells_met
    where {{ axis.axis }} is not null
    {%- endif %}
)
{%- endfor %}
{%- for cube, axes in cubes.items() %}
{%- set observed = axes | selectattr('combination', 'equalto', 'observed') | map(attribute='axis') | list %},

met_in_{{ cube }} as (
    select distinct {{ (['experiment_number'] + observed) | join(', ') }}
    from cells_met
    where cube = '{{ cube }}'
),

-- Every bin with every other, for what was met together; beside them what lies outside all bins.
cells_of_{{ cube }} as (
    select *
    from met_in_{{ cube }}
    {%- for axis in axes if axis.combination == 'crossed' %}
    inner join bins_of_{{ axis.axis }} using (experiment_number)
    {%- endfor %}
    {%- if axes %}
    union by name
    select distinct {{ (['experiment_number'] + axes | map(attribute='axis') | list) | join(', ') }}
    from cells_met
    where cube = '{{ cube }}'
    {%- endif %}
)
{%- endfor %},

completeness_grid as (
    {%- for cube, axes in cubes.items() %}
    select
        '{{ cube }}' as cube,
        {{ "'" ~ axes[0].only_rule_kind ~ "'" if axes and axes[0].only_rule_kind else 'null' }}::varchar
            as only_rule_kind,
        cells_of_{{ cube }}.experiment_number,
        {{ cell_text(axes) }} as cell,
        '{{ shared[cube] }}' as control_cube,
        {{ cell_text(known_for_controls(axes)) }} as control_cell,
        {{ axis_columns(all_axes, axes) }}
    from cells_of_{{ cube }}
    {{ axis_joins(cube, axes) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from completeness_grid
