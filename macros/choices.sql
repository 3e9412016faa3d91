{% macro checked_var(name, allowed) -%}
    {#- A var that must be one of a list; else one sentence that says so. -#}
    {%- if execute and var(name) not in allowed -%}
        {{ exceptions.raise_compiler_error(
            "var " ~ name ~ " is '" ~ var(name) ~ "': it must be one of " ~ allowed | join(', ')
        ) }}
    {%- endif -%}
    {{ return(var(name)) }}
{%- endmacro %}
