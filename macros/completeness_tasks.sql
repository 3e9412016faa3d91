{#
  What the completeness stage derives from a row of `injections`.
#}

{% macro task_expression(column) -%}
    {#- A column of `injections`, or the expression of a derived one. -#}
    {%- set psf = 'coalesce(psf_fwhm_used_' ~ var('detection_band') ~ ', psfsize_r)' -%}
    {%- set derived = {
        'psf_fwhm_arcsec': psf,
        'theta_over_psf': '(theta_e_arcsec / nullif(' ~ psf ~ ', 0e0))',
        'surface_psf_bin': 'floor(' ~ psf ~ ' / ' ~ var('surface_psf_width_arcsec') ~ 'e0)::integer',
        'surface_depth_bin': 'floor(psfdepth_r / ' ~ var('surface_depth_width_mag') ~ 'e0)::integer',
    } -%}
    {{- derived.get(column, column) -}}
{%- endmacro %}

{% macro host_number(tasks) -%}
    ({{ tasks }}.brickid::bigint << 32) + {{ tasks }}.objid::bigint
{%- endmacro %}

{% macro bin_expression(column, edges) -%}
    {#- Number of the half-open bin that a value lies in; -1 when it is outside or missing. -#}
    case
        when {{ column }} is null or isnan({{ column }}) or {{ column }} < {{ edge_literal(edges[0]) }} then -1
        {%- for edge in edges[1:] %}
        when {{ column }} < {{ edge_literal(edge) }} then {{ loop.index0 }}
        {%- endfor %}
        {%- if edges[-1] | string == 'inf' %}
        when {{ column }} = {{ edge_literal(edges[-1]) }} then {{ edges | length - 2 }}
        {%- endif %}
        else -1
    end::smallint
{%- endmacro %}

{% macro n_rule_bits(thresholds) -%}
    {#- Bits that say which rules can judge a task; as many say which it meets, and one that it is clean. -#}
    {%- if not execute -%}{{ return(1) }}{%- endif -%}
    {{ return(run_query('select coalesce(max(rule_bit), 0) + 1 from ' ~ thresholds).rows[0][0] | int) }}
{%- endmacro %}

{% macro bits_type(n) -%}
    {#- The narrowest integer for n bits: lists of outcomes are what the counting of hosts spends its time on. -#}
    {{- 'usmallint' if n <= 16 else 'uinteger' if n <= 32 else 'bigint' -}}
{%- endmacro %}

{% macro edge_literal(edge) -%}
    '{{ edge }}'::double
{%- endmacro %}

{% macro axis_names(axes) -%}
    {#- Columns of the cells that say where a cell is. -#}
    {%- for axis in axes -%}
        {%- if axis.axis_kind == 'binned' -%}
            {{ axis.axis }}_low, {{ axis.axis }}_high
        {%- else -%}
            {{ axis.axis }}
        {%- endif -%}
        {{- ", " if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}

{% macro axis_columns(axes, cube_axes) -%}
    {#- Bins as edges or values; null where the cube lacks the axis, or outside its bins. -#}
    {%- set own = cube_axes | map(attribute='axis') | list -%}
    {%- for axis in axes %}
        {%- if axis.axis_kind == 'binned' %}
        {{ 'edges_of_' ~ axis.axis ~ '.low' if axis.axis in own else 'null' }}::double as {{ axis.axis }}_low,
        {{ 'edges_of_' ~ axis.axis ~ '.high' if axis.axis in own else 'null' }}::double as {{ axis.axis }}_high
        {%- else %}
        {{ 'edges_of_' ~ axis.axis ~ '.value' if axis.axis in own else 'null' }}::{{ axis.sql_type }}
            as {{ axis.axis }}
        {%- endif %}
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro axis_joins(cube, cube_axes) -%}
    {%- for axis in cube_axes %}
    left join completeness_bins as edges_of_{{ axis.axis }}
        on edges_of_{{ axis.axis }}.axis = '{{ axis.axis }}'
        and edges_of_{{ axis.axis }}.bin = cells_of_{{ cube }}.{{ axis.axis }}
    {%- endfor %}
{%- endmacro %}

{% macro surface_axes() -%}
    {#- Axes of the cube `original_over_regions`, as columns of the cells. -#}
    {{- 'region_split, selection_set_id, ranking_mode, psf_bin, depth_bin, resolution_bin_low, '
        ~ 'resolution_bin_high, theta_e_grid_arcsec, src_dmag, src_reff_arcsec' -}}
{%- endmacro %}

{% macro resolution_label(low, high) -%}
    case
        when {{ low }} = 0 then '<' || {{ high }}::decimal(3, 1)
        when isinf({{ high }}) then '>=' || {{ low }}::decimal(3, 1)
        else {{ low }}::decimal(3, 1) || '-' || {{ high }}::decimal(3, 1)
    end
{%- endmacro %}
