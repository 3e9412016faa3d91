{#
  Reads the seeds that say which rules, axes and cubes there are, and refuses what makes no sense.
  Models loop over what these macros return; unit tests override them.
#}

{% macro seed_rows(seed, order_by) -%}
    {#- Rows of a seed as dictionaries. -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set relation = api.Relation.create(
        database=target.database, schema=target.schema, identifier=seed
    ) -%}
    {%- set table = run_query("select * from " ~ relation ~ " order by " ~ order_by) -%}
    {%- set rows = [] -%}
    {%- for row in table.rows -%}
        {%- do rows.append(dict(zip(table.column_names, row))) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{% macro known_task_columns() -%}
    {#- Columns that a rule or an axis may name: those of injections and the derived ones. -#}
    {%- set names = ['theta_over_psf', 'psf_fwhm_arcsec', 'surface_psf_bin', 'surface_depth_bin'] -%}
    {%- for column in adapter.get_columns_in_relation(ref('injections')) -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{% macro require_task_column(column, known, where) -%}
    {%- if column not in known -%}
        {{ exceptions.raise_compiler_error(
            where ~ " names the column '" ~ column ~ "', which injections does not have"
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro column_rules() -%}
    {#- Rules on a column of injections, in the order of their bits; finders' rules come after. -#}
    {%- set rules = [] -%}
    {%- set known = known_task_columns() if execute else [] -%}
    {%- for rule in seed_rows('recovery_rules', 'rule_number') -%}
        {%- if (rule.minimum is none) == (rule.false_positive_rate is none) -%}
            {{ exceptions.raise_compiler_error(
                "recovery_rules: rule '" ~ rule.rule
                ~ "' must have either a minimum or a false_positive_rate"
            ) }}
        {%- endif -%}
        {%- if rule.false_positive_rate is not none and not 0 < rule.false_positive_rate < 1 -%}
            {{ exceptions.raise_compiler_error(
                "recovery_rules: rule '" ~ rule.rule ~ "' has the false_positive_rate "
                ~ rule.false_positive_rate ~ ", which is not between 0 and 1"
            ) }}
        {%- endif -%}
        {%- if rule.rule_kind != 'finder' -%}
            {%- do require_task_column(
                rule.statistic, known, "recovery_rules: rule '" ~ rule.rule ~ "'"
            ) -%}
            {%- do rules.append(rule) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{% macro edges_by_axis() -%}
    {#- Edges of the binned axes, which must increase: a dictionary. -#}
    {%- set edges = {} -%}
    {%- for row in seed_rows('completeness_edges', 'axis, edge_number') -%}
        {%- set edge = row.edge | float -%}
        {%- set before = edges.setdefault(row.axis, []) -%}
        {%- if before and not edge > before[-1] -%}{#- so that NaN is refused too -#}
            {{ exceptions.raise_compiler_error(
                "completeness_edges: axis '" ~ row.axis ~ "' has edge " ~ edge ~ " (edge_number "
                ~ row.edge_number ~ ") after " ~ before[-1] ~ ": edges must increase"
            ) }}
        {%- endif -%}
        {%- do before.append(edge) -%}
    {%- endfor -%}
    {{ return(edges) }}
{%- endmacro %}

{% macro completeness_axes() -%}
    {#- Axes in order, the binned ones with their edges. -#}
    {%- set axes = seed_rows('completeness_axes', 'axis_order') -%}
    {%- set edges = edges_by_axis() -%}
    {%- set known = known_task_columns() if axes else [] -%}
    {%- for axis in axes -%}
        {%- do require_task_column(
            axis.column_name, known, "completeness_axes: axis '" ~ axis.axis ~ "'"
        ) -%}
        {%- do axis.update({'edges': edges.get(axis.axis, [])}) -%}
        {%- if axis.axis_kind == 'binned' and axis.edges | length < 2 -%}
            {{ exceptions.raise_compiler_error(
                "completeness_edges: binned axis '" ~ axis.axis ~ "' needs two edges or more"
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(axes) }}
{%- endmacro %}

{% macro completeness_cubes() -%}
    {#- Cubes with their axes: those of the seed, and one `by_<axis>` for each marginal. -#}
    {%- set axes = {} -%}
    {%- set cubes = {} -%}
    {%- for axis in seed_rows('completeness_axes', 'axis_order') -%}
        {%- do axes.update({axis.axis: axis}) -%}
        {%- if axis.has_marginal -%}
            {%- set crossed = 'crossed' if axis.axis_kind == 'binned' else 'observed' -%}
            {%- do cubes.update({'by_' ~ axis.axis: [dict(axis, combination=crossed)]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for row in seed_rows('completeness_cubes', 'cube, axis') -%}
        {%- set members = cubes.setdefault(row.cube, []) -%}
        {%- if row.axis is not none and row.axis not in axes -%}
            {{ exceptions.raise_compiler_error(
                "completeness_cubes: cube '" ~ row.cube ~ "' names the axis '" ~ row.axis
                ~ "', which completeness_axes does not have"
            ) }}
        {%- endif -%}
        {%- if row.axis is not none -%}
            {%- do members.append(dict(
                axes[row.axis], combination=row.combination, only_rule_kind=row.only_rule_kind
            )) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set chosen = var('completeness_cubes') or (cubes.keys() | list) -%}
    {%- for cube in chosen if execute and cube not in cubes -%}
        {{ exceptions.raise_compiler_error(
            "var completeness_cubes names '" ~ cube ~ "': there are " ~ cubes | join(', ')
        ) }}
    {%- endfor -%}
    {%- for cube in cubes.keys() | list if cube not in chosen -%}
        {%- do cubes.pop(cube) -%}
    {%- endfor -%}
    {{ return(cubes) }}
{%- endmacro %}

{% macro is_counted_once(axes) -%}
    {#- Rows of a cube: all tasks where it tells selection sets apart, else each render once. -#}
    {%- if 'selection_set_id' in (axes | map(attribute='axis')) -%}
        true
    {%- else -%}
        is_first_of_render
    {%- endif -%}
{%- endmacro %}

{% macro cell_text(axes) -%}
    {#- Key of a cell within its cube: the bins in the cube's order. -#}
    {%- if axes -%}
        concat_ws(','{% for axis in axes %}, {{ axis.axis }}{% endfor %})
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}

{% macro known_for_controls(axes) -%}
    {{ return(axes | selectattr('is_known_for_controls') | list) }}
{%- endmacro %}

{% macro control_cubes(cubes) -%}
    {#- By cube, the first cube whose controls are those of this one: they are counted under its name. -#}
    {%- set first = {} -%}
    {%- set shared = {} -%}
    {%- for cube, axes in cubes.items() -%}
        {%- set only = axes[0].only_rule_kind if axes else none -%}
        {%- set own = known_for_controls(axes) | map(attribute='axis') | join(',') -%}
        {%- do shared.update({cube: first.setdefault((only or '', own, is_counted_once(axes)), cube)}) -%}
    {%- endfor -%}
    {{ return(shared) }}
{%- endmacro %}

{% macro refuse_huge_cubes(cubes, cells_met) -%}
    {#- A cube whose grid would not fit is an error before it fills the disk. -#}
    {%- for cube, axes in cubes.items() if execute -%}
        {%- set crossed = axes | selectattr('combination', 'equalto', 'crossed') | list -%}
        {%- set met = ['experiment_number'] + (
            axes | rejectattr('combination', 'equalto', 'crossed') | map(attribute='axis') | list
        ) -%}
        {%- if crossed | selectattr('axis_kind', 'equalto', 'category') | list or crossed | length > 4 -%}
            {%- set query -%}
                with cells_met as (select * from {{ cells_met }} where cube = '{{ cube }}')
                select
                    (select count(*) from (select distinct {{ met | join(', ') }} from cells_met))
                    {%- for axis in crossed %}
                    * (select count(distinct {{ axis.axis }})::double from cells_met)
                    {%- endfor %}
            {%- endset -%}
            {%- set n_cells = run_query(query).rows[0][0] -%}
            {%- if n_cells > var('completeness_max_cells') -%}
                {{ exceptions.raise_compiler_error(
                    "cube '" ~ cube ~ "' would have " ~ n_cells | int ~ " cells or more, "
                    ~ "completeness_max_cells allows " ~ var('completeness_max_cells')
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
