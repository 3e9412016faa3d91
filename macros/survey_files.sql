{% macro brick_name_pattern() -%}
    {#- The form of a brick's name, as in store/survey_files.py; a test holds the two to each other. -#}
    [0-9]{4}[mp][0-9]{3}
{%- endmacro %}
