{#- Names of the cuts on negatives, in the order in which the first failing one is counted: that of
    the seed `pool_cuts`, which a test compares with this list. -#}
{% macro standing_cuts() -%}
    {{ return([
        'coordinates', 'footprint', 'type', 'mask', 'exposures', 'flux_z', 'z_mag', 'known_lens'
    ]) }}
{%- endmacro %}

{% macro optional_cuts() -%}
    {{ return(['extinction', 'latitude', 'seeing', 'depth', 'dchisq', 'fracflux']) }}
{%- endmacro %}

{% macro source_cuts() -%}
    {{ return(standing_cuts() + optional_cuts()) }}
{%- endmacro %}

{#- The cuts that count: the standing ones and the options that the user asked for. -#}
{% macro applied_cuts() -%}
    {%- set unknown = var('pool_optional_cuts') | reject('in', optional_cuts()) | list -%}
    {%- if unknown and execute -%}
        {{ exceptions.raise_compiler_error(
            "var pool_optional_cuts has " ~ unknown | join(', ') ~ ": allowed are "
            ~ optional_cuts() | join(', ')
        ) }}
    {%- endif -%}
    {{ return(standing_cuts() + var('pool_optional_cuts')) }}
{%- endmacro %}

{#- Name of the first applied cut that a row fails, in the order of the list; else null. -#}
{% macro first_failed_cut(cuts) -%}
    case
        {%- for cut in source_cuts() if cut in cuts %}
        when fails_{{ cut }} then '{{ cut }}'
        {%- endfor %}
    end
{%- endmacro %}

{% macro pool_rule_set() -%}
    {{ return(checked_var('pool_rule_set', ['original', 'paper_iv'])) }}
{%- endmacro %}

{% macro confuser_rule_set() -%}
    {{ return(checked_var('confuser_rule_set', ['original', 'shape_aware'])) }}
{%- endmacro %}

{#- Whether a feature is within a rule's bound; a rule without the bound (null) is always met. -#}
{% macro meets(feature, comparison, bound) -%}
    (
        confuser_rules.{{ bound }} is null
        or confuser_features.{{ feature }} {{ comparison }} confuser_rules.{{ bound }}
    )
{%- endmacro %}
