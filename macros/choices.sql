{% macro seed_relation(seed) -%}
    {{ return(api.Relation.create(database=target.database, schema=target.schema, identifier=seed)) }}
{%- endmacro %}

{% macro seed_values(seed, column) -%}
    {#- The distinct values of a seed's column, from the lake. -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set rows = run_query(
        "select distinct " ~ column ~ " from " ~ seed_relation(seed) ~ " order by " ~ column
    ) -%}
    {{ return(rows.columns[0].values() | list) }}
{%- endmacro %}

{% macro checked_var(name, allowed) -%}
    {#- A var that must be one of a list; else one sentence that says so. -#}
    {%- do check_choices(name, [var(name)], allowed) -%}
    {{ return(var(name)) }}
{%- endmacro %}

{% macro checked_list(name, allowed) -%}
    {#- A var that is a list of choices, as SQL literals. -#}
    {%- do check_choices(name, var(name), allowed) -%}
    {{ return("'" ~ var(name) | join("', '") ~ "'") }}
{%- endmacro %}

{% macro check_choices(name, chosen, allowed) -%}
    {%- for choice in chosen if execute and choice not in allowed -%}
        {{ exceptions.raise_compiler_error(
            "var " ~ name ~ ": there is no '" ~ choice ~ "', only " ~ allowed | join(', ')
        ) }}
    {%- endfor -%}
{%- endmacro %}
