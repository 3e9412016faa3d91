{#
  Bins of seeing and depth that hosts are spread over evenly: quantiles over the usable bricks, var
  `host_bins_per_axis` of either, 4 of them quartiles.
#}

{% macro bin_fractions() -%}
    {#- Fractions of the bricks at the edges of the bins, 0 and 1 included. -#}
    {%- set n_bins = var('host_bins_per_axis') -%}
    [{% for edge in range(n_bins + 1) %}{{ edge / n_bins }}e0{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{% macro condition_bin(value, edges) -%}
    {#- Number of the bin, from 0, half open; what lies outside the edges is in the last one. -#}
    {%- set last_bin = var('host_bins_per_axis') - 1 -%}
    (case
        when {{ value }} < {{ edges }}[1] then {{ last_bin }}
        {%- for bin in range(last_bin) %}
        when {{ value }} < {{ edges }}[{{ bin + 2 }}] then {{ bin }}
        {%- endfor %}
        else {{ last_bin }}
    end)::tinyint
{%- endmacro %}
