{#
  Rules, axes and cubes, which are rows of seeds. Python reads and checks them: udfs/completeness/plan.py.
  Unit tests override `completeness_plan`; sqlfluff has tests/lint in place of this file.
#}

{% macro completeness_plan() -%}
    {#- A dictionary of rules, axes and cubes, as udfs/completeness/plan.py describes it. -#}
    {%- set seeds = {
        'recovery_rules': ref('recovery_rules'),
        'completeness_axes': ref('completeness_axes'),
        'completeness_edges': ref('completeness_edges'),
        'completeness_cubes': ref('completeness_cubes'),
    } -%}
    {%- set injections = ref('injections') -%}
    {%- if not execute -%}{{ return({'rules': [], 'axes': [], 'cubes': []}) }}{%- endif -%}
    {%- set given = {
        'columns': adapter.get_columns_in_relation(injections) | map(attribute='name') | list,
        'chosen_cubes': var('completeness_cubes'),
    } -%}
    {%- for seed, relation in seeds.items() -%}
        {%- do given.update({seed: rows_as_text(relation)}) -%}
    {%- endfor -%}
    {%- set answer = run_query("select completeness_plan('" ~ tojson(given) | replace("'", "''") ~ "')") -%}
    {%- set plan = fromjson(answer.rows[0][0]) -%}
    {%- if plan.problems -%}
        {{ exceptions.raise_compiler_error(plan.problems | join('\n')) }}
    {%- endif -%}
    {{ return(plan) }}
{%- endmacro %}

{% macro rows_as_text(relation) -%}
    {#- Rows of a table as dictionaries of texts. -#}
    {%- set query -%}
        select coalesce(to_json(list(given)), '[]')
        from (select columns(*)::varchar from {{ relation }}) as given
    {%- endset -%}
    {{ return(fromjson(run_query(query).rows[0][0])) }}
{%- endmacro %}

{% macro refuse_huge_cubes(cubes, cells_met) -%}
    {#- A cube whose grid would not fit is an error before it fills the disk. -#}
    {%- for cube in cubes if execute and cube.crossed -%}
        {%- set n_cells = n_cells_of(cube, cells_met) -%}
        {%- if n_cells > var('completeness_max_cells') -%}
            {{ exceptions.raise_compiler_error(
                "cube '" ~ cube.cube ~ "' would have " ~ n_cells | int ~ " cells or more, "
                ~ "completeness_max_cells allows " ~ var('completeness_max_cells')
            ) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro n_cells_of(cube, cells_met) -%}
    {#- Cells that a cube has at least: what was met of its observed axes, times the crossed ones. -#}
    {%- set observed = ['experiment_number'] + cube.axes | reject('in', cube.crossed) | list -%}
    {%- set query -%}
        select
            count(distinct ({{ observed | join(', ') }}, 0))
            {%- for axis in cube.crossed %} * count(distinct {{ axis }})::double{% endfor %}
        from {{ cells_met }}
        where cube = '{{ cube.cube }}'
    {%- endset -%}
    {{ return(run_query(query).rows[0][0]) }}
{%- endmacro %}
