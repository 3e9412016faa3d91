{#
  A function that the lake keeps, for anyone who opens it: `from completeness_at(1.2)`. The model is
  the query that it stands for, `parameters` are its arguments as they are declared. It may call
  nothing but DuckDB's own functions. A table's name is passed as text and read by query_table().
  No parameter may default to null: DuckLake 1.0 then cannot open the lake again.
#}

{% materialization lake_function, adapter='duckdb', supported_languages=['sql'] %}
    {% call statement('main') -%}
        create or replace macro {{ this }}({{ config.require('parameters') }}) as table
        {{ compiled_code }}
    {%- endcall %}
    {%- do adapter.commit() -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}

{% macro known_quality() -%}
    {#- The argument `chosen_quality`, which must be one of the two. -#}
    case
        when chosen_quality in ('all', 'clean') then chosen_quality
        else error('quality is clean or all, not ' || chosen_quality)
    end
{%- endmacro %}
