{#
  The form of before quality was a key: one row per cell and rule, whose columns end in _all and _clean.
#}

{% macro measure_names() -%}
    {#- A regular expression of the columns that differ between qualities. -#}
    '^(n_valid|n_recovered|n_hosts|n_effective|n_controls|valid_frac|completeness_[a-z]+|design_effect
        {{- '|(wilson|jeffreys|bootstrap)_[a-z]+|chance_[a-z_]+)$' }}'
{%- endmacro %}

{% macro measures_of(quality) -%}
    columns({{ measure_names() }}) as '\0_{{ quality }}'
{%- endmacro %}

{% macro all_but_measures() -%}
    columns(lambda name: name <> 'quality' and not regexp_matches(name, {{ measure_names() }}))
{%- endmacro %}
