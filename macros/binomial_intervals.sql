{#
  Intervals of a proportion k / n. Here n may be an effective number that is not whole.
#}

{% macro wilson_bound(share, n, sign) -%}
    {#- Score interval (Wilson 1927); null when n is 0. sign is '-' for the lower bound. -#}
    least(1e0, greatest(0e0,
        (
            {{ share }} + {{ wilson_z2() }} / (2e0 * {{ n }})
            {{ sign }} {{ var('interval_z') }} * sqrt(
                {{ share }} * (1e0 - {{ share }}) / {{ n }}
                + {{ wilson_z2() }} / (4e0 * {{ n }} * {{ n }})
            )
        ) / (1e0 + {{ wilson_z2() }} / {{ n }})
    ))
{%- endmacro %}

{% macro wilson_z2() -%}
    ({{ var('interval_z') }} * {{ var('interval_z') }})
{%- endmacro %}

{% macro jeffreys_low(share, n) -%}
    {#- Equal-tailed beta quantile under Jeffreys' prior, 0 when nothing was recovered (Brown, Cai & DasGupta 2001). -#}
    case
        when {{ n }} = 0 or {{ share }} = 0 then 0e0
        else beta_quantile(
            {{ var('interval_one_sided_error') }}::double,
            {{ share }} * {{ n }} + 0.5e0,
            (1e0 - {{ share }}) * {{ n }} + 0.5e0
        )
    end
{%- endmacro %}

{% macro jeffreys_high(share, n) -%}
    case
        when {{ n }} = 0 or {{ share }} = 1 then 1e0
        else beta_quantile(
            1e0 - {{ var('interval_one_sided_error') }},
            {{ share }} * {{ n }} + 0.5e0,
            (1e0 - {{ share }}) * {{ n }} + 0.5e0
        )
    end
{%- endmacro %}

{% macro ratio_bound(share, share_low, share_high, base, base_low, base_high, sign) -%}
    {#- Bound of share / base from the intervals of both (Donner & Zou 2012, MOVER). sign is '-' for
        the lower bound, whose near sides are share_low and base_high. -#}
    {%- set near = share_low if sign == '-' else share_high -%}
    {%- set far = base_high if sign == '-' else base_low -%}
    (
        {{ share }} * {{ base }} {{ sign }} sqrt(greatest(0e0,
            {{ share }} * {{ base }} * {{ share }} * {{ base }}
            - {{ near }} * (2e0 * {{ share }} - {{ near }}) * {{ far }} * (2e0 * {{ base }} - {{ far }})
        ))
    ) / nullif({{ far }} * (2e0 * {{ base }} - {{ far }}), 0e0)
{%- endmacro %}
