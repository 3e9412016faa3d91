{#- Bin of a number of exposures, as 'low-high' with the last one open; 'invalid' below the first. -#}
{% macro nobs_bin(n_exposures) -%}
    case
        {%- for first in var('pool_nobs_bin_starts') | reverse %}
        when {{ n_exposures }} >= {{ first }} then
            {%- if loop.first %} '{{ first }}+'
            {%- else %} '{{ first }}-{{ loop.previtem - 1 }}'
            {%- endif %}
        {%- endfor %}
        else 'invalid'
    end
{%- endmacro %}

{#- Number, from 0, of the half-open bin between edges that a value lies in; null for null. -#}
{% macro edge_bin(value, edges) -%}
    case
        when {{ value }} is null then null
        {%- for edge in edges %}
        when {{ value }} < {{ edge }} then {{ loop.index0 }}
        {%- endfor %}
        else {{ edges | length }}
    end
{%- endmacro %}

{#- 5-sigma AB magnitude of a depth given as inverse variance in 1/nanomaggy^2. -#}
{% macro depth_magnitude(inverse_variance) -%}
    case
        when {{ inverse_variance }} > 0
            then {{ var('ab_zp_nmgy') }} - 2.5e0 * log10(5e0 / sqrt({{ inverse_variance }}::double))
    end
{%- endmacro %}

{#- Minor over major axis from Tractor's ellipticity components: |e| = (1 - q) / (1 + q). -#}
{% macro axis_ratio(shape_e1, shape_e2) -%}
    (1e0 - sqrt({{ shape_e1 }}::double ** 2 + {{ shape_e2 }}::double ** 2))
    / (1e0 + sqrt({{ shape_e1 }}::double ** 2 + {{ shape_e2 }}::double ** 2))
{%- endmacro %}

{#- Integer with the bits of a column set, which numbers them from 0; null without rows. -#}
{% macro mask_of_bits(bit, condition='true') -%}
    bit_or(pow(2, {{ bit }})::integer) filter (where {{ condition }})
{%- endmacro %}
