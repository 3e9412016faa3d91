{% macro quartile_bin(value, edges) -%}
    {#- 0 to 3 for five edges, half open; what lies outside the edges is in the last bin. -#}
    (case
        when {{ value }} < {{ edges }}[1] then 3
        when {{ value }} < {{ edges }}[2] then 0
        when {{ value }} < {{ edges }}[3] then 1
        when {{ value }} < {{ edges }}[4] then 2
        else 3
    end)::tinyint
{%- endmacro %}
