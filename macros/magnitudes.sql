{% macro magnitude(flux) -%}
    {#- AB magnitude of a flux in nanomaggies; null where the flux has no logarithm. -#}
    case
        when isfinite({{ flux }}) and {{ flux }} > 0
            then {{ var('ab_zp_nmgy') }} - 2.5e0 * log10({{ flux }}::double)
    end
{%- endmacro %}

{% macro dereddened_magnitude(flux, transmission) -%}
    {#- AB magnitude of flux / transmission, the Milky Way's dust undone. -#}
    case
        when isfinite({{ flux }}) and {{ flux }} > 0
            and isfinite({{ transmission }}) and {{ transmission }} > 0
            then {{ var('ab_zp_nmgy') }}
                - 2.5e0 * log10({{ flux }}::double / {{ transmission }}::double)
    end
{%- endmacro %}
