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
    {#- Brick and object as one number: objid has ten digits at most. -#}
    {{ tasks }}.brickid::bigint * 10000000000 + {{ tasks }}.objid::bigint
{%- endmacro %}

{% macro bin_expression(column, edges) -%}
    {#- Number of the half-open bin that a value lies in; -1 when it is outside or missing. -#}
    case
        when {{ column }} is null or isnan({{ column }}) or {{ column }} < {{ edge_literal(edges[0]) }} then -1
        {%- for edge in edges[1:] %}
        when {{ column }} < {{ edge_literal(edge) }} then {{ loop.index0 }}
        {%- endfor %}
        {%- if edges[-1] == 'inf' %}
        when {{ column }} = {{ edge_literal('inf') }} then {{ edges | length - 2 }}
        {%- endif %}
        else -1
    end::smallint
{%- endmacro %}

{% macro edge_literal(edge) -%}
    '{{ edge }}'::double
{%- endmacro %}

{% macro resolution_label(low, high) -%}
    case
        when {{ low }} = 0 then '<' || {{ high }}::decimal(3, 1)
        when isinf({{ high }}) then '>=' || {{ low }}::decimal(3, 1)
        else {{ low }}::decimal(3, 1) || '-' || {{ high }}::decimal(3, 1)
    end
{%- endmacro %}
