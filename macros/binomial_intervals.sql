{#
  Intervals of a proportion k / n, all at the var interval_level. Here n may be an effective number
  that is not whole.
#}

{% macro interval_tail() -%}
    {#- Probability below an interval, and that above it. -#}
    {{- (1 - var('interval_level')) / 2 -}}
{%- endmacro %}

{% macro interval_z() -%}
    {#- Half the width of a normal distribution's interval, in standard deviations: 1.96 for 95 %. -#}
    {%- if not execute -%}{{ return(0) }}{%- endif -%}
    {%- set query = "select normal_quantile((1 + " ~ var('interval_level') ~ ")::double / 2)::varchar" -%}
    {{- run_query(query).rows[0][0] -}}
{%- endmacro %}

{% macro wilson_bound(share, n, sign) -%}
    {#- Score interval (Wilson 1927); null when n is 0. sign is '-' for the lower bound. -#}
    {%- set z = interval_z() ~ '::double' -%}
    case when {{ n }} > 0 and {{ share }} is not null then least(1e0, greatest(0e0,
        (
            {{ share }} + ({{ z }} * {{ z }}) / (2e0 * {{ n }})
            {{ sign }} {{ z }} * sqrt(
                {{ share }} * (1e0 - {{ share }}) / {{ n }}
                + ({{ z }} * {{ z }}) / (4e0 * {{ n }} * {{ n }})
            )
        ) / (1e0 + ({{ z }} * {{ z }}) / {{ n }})
    )) end
{%- endmacro %}

{% macro jeffreys_low(share, n) -%}
    {#- Equal-tailed beta quantile under Jeffreys' prior, 0 when nothing was recovered (Brown, Cai & DasGupta 2001). -#}
    case
        when {{ n }} = 0 or {{ share }} = 0 then 0e0
        else beta_quantile(
            {{ interval_tail() }}::double,
            {{ share }} * {{ n }} + 0.5e0,
            (1e0 - {{ share }}) * {{ n }} + 0.5e0
        )
    end
{%- endmacro %}

{% macro jeffreys_high(share, n) -%}
    case
        when {{ n }} = 0 or {{ share }} = 1 then 1e0
        else beta_quantile(
            1e0 - {{ interval_tail() }}::double,
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

{% macro host_design_effect(m, n, k, sum_n2, sum_k2, sum_nk) -%}
    {#-
      Variance of a ratio over m hosts, over that of n independent injections (Kish 1965). Two
      hosts of the average size, one all recovered and one all missed, are added to the data, as
      Agresti & Coull (1998) add trials: without them a cell where few hosts were recovered looks
      as if hosts did not matter. Between 1 and the average size.
    -#}
    {%- set size = '(' ~ sum_n2 ~ ' / ' ~ n ~ ')' -%}
    {%- set trials = '(' ~ n ~ ' + 2e0 * ' ~ size ~ ')' -%}
    {%- set p = '((' ~ k ~ ' + ' ~ size ~ ') / ' ~ trials ~ ')' -%}
    least({{ size }}, greatest(1e0,
        (({{ m }} + 2e0) / ({{ m }} + 1e0))
        * (
            {{ sum_k2 }} + {{ size }} * {{ size }}
            - 2e0 * {{ p }} * ({{ sum_nk }} + {{ size }} * {{ size }})
            + {{ p }} * {{ p }} * ({{ sum_n2 }} + 2e0 * {{ size }} * {{ size }})
        )
        / ({{ trials }} * {{ p }} * (1e0 - {{ p }}))
    ))
{%- endmacro %}

{% macro chance_corrected(injections, controls) -%}
    {#- What is recovered beyond chance, (p - p0) / (1 - p0); beside `rules`. -#}
    case
        when rules.rule_kind <> 'detectability'
            then ({{ injections }}.share - {{ controls }}.chance_fraction)
            / nullif(1e0 - {{ controls }}.chance_fraction, 0e0)
    end
{%- endmacro %}

{% macro chance_corrected_bound(injections, controls, sign) -%}
    {#- From 1 - C = (1 - p) / (1 - p0): the lower bound of C is the upper one of the ratio. -#}
    case
        when rules.rule_kind <> 'detectability'
            then 1e0 - {{ ratio_bound(
                '(1e0 - ' ~ injections ~ '.share)',
                '(1e0 - ' ~ injections ~ '.wilson_high)',
                '(1e0 - ' ~ injections ~ '.wilson_low)',
                '(1e0 - ' ~ controls ~ '.chance_fraction)',
                '(1e0 - ' ~ controls ~ '.chance_high)',
                '(1e0 - ' ~ controls ~ '.chance_low)',
                '+' if sign == '-' else '-',
            ) }}
    end
{%- endmacro %}
