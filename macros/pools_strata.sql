{#- Name of the stratum of a pool member: its bins in the columns of the var, joined by '|'. -#}
{% macro stratum() -%}
    {%- set allowed = ['nobs_z_bin', 'type_bin', 'psf_bin', 'depth_bin', 'z_mag_bin', 'split'] -%}
    {%- set unknown = var('pool_strata') | reject('in', allowed) | list -%}
    {%- if execute and (unknown or not var('pool_strata')) -%}
        {{ exceptions.raise_compiler_error(
            "var pool_strata is " ~ var('pool_strata') ~ ": give some of " ~ allowed | join(', ')
        ) }}
    {%- endif -%}
    {%- for name in var('pool_strata') -%}
    coalesce({{ name }}::varchar, 'unknown'){% if not loop.last %} || '|' || {% endif %}
    {%- endfor -%}
{%- endmacro %}
