{#
  Pieces of the queries over cubes: where a cell is, and which tasks are counted in it.
#}

{% macro cell_text(axes) -%}
    {#- Key of a cell within its cube: its bins, in the order of the axes' names. -#}
    concat_ws(',', null{% for axis in axes %}, {{ axis }}{% endfor %})
{%- endmacro %}

{% macro counted_tasks(cube) -%}
    {#- Which tasks a cube counts: all where it tells selection sets apart, else each render once. -#}
    {{ 'is_first_of_render' if cube.is_render_once else 'true' }}
{%- endmacro %}

{% macro cube_rows(cubes) -%}
    {#- The cubes as rows. -#}
    {%- for cube in cubes %}
    select
        '{{ cube.cube }}' as cube,
        {{ "'" ~ cube.only_rule_kind ~ "'" if cube.only_rule_kind else 'null' }}::varchar as only_rule_kind,
        '{{ cube.control_cube }}' as control_cube,
        {{ cube.crossed }}::varchar[] as crossed_axes
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro axis_bin(axis) -%}
    {#- Bin of an axis that a task lies in, beside `judged_tasks` and the `bins_of_` a category; -1 outside all. -#}
    {%- if axis.is_binned -%}
        {{ bin_expression('judged_tasks.' ~ axis.column_name, axis.edges) }}
    {%- else -%}
        coalesce(bins_of_{{ axis.axis }}.bin, -1)::smallint
    {%- endif -%}
{%- endmacro %}

{% macro places_in(cube, axes) -%}
    {#- The bins of a cube's axes, and null for the others. -#}
    {%- for axis in axes -%}
        {{ axis.axis if axis.axis in cube.axes else 'null::smallint as ' ~ axis.axis }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro axis_place(axis) -%}
    {#- Where a cell is along an axis: edges of its bin, or a value, from `bins_of_` the axis. -#}
    {%- if axis.is_binned -%}
        bins_of_{{ axis.axis }}.low as {{ axis.axis }}_low,
        bins_of_{{ axis.axis }}.high as {{ axis.axis }}_high
    {%- else -%}
        bins_of_{{ axis.axis }}.value::{{ axis.sql_type }} as {{ axis.axis }}
    {%- endif -%}
{%- endmacro %}
