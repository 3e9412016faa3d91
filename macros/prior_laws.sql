{#
  Laws of the continuous priors. `law` is a struct (law, low, high, slope) of the seed `priors`.
  number_counts: as many sources per magnitude as 10^(slope m).
#}

{% macro prior_parameters() -%}
    {#-
      What a prior draws, in the order in which the densities are multiplied: each parameter and the
      uniform that it is drawn from, one half of a digest of `keyed_injections`.
    -#}
    {{ return({
        'theta_e_arcsec': digest_u1('prior_lens_digest'),
        'shear': digest_u2('prior_lens_digest'),
        'src_r_mag': digest_u1('prior_source_digest'),
        'src_reff_arcsec': digest_u2('prior_source_digest'),
        'src_n': digest_u1('prior_shape_digest'),
        'src_e': digest_u2('prior_shape_digest'),
    }) }}
{%- endmacro %}

{% macro law_draw(law, u) -%}
    {#- Inverse of the law's distribution function at u. -#}
    case {{ law }}['law']
        when 'uniform' then {{ law }}['low'] + ({{ law }}['high'] - {{ law }}['low']) * {{ u }}
        when 'log_uniform' then {{ law }}['low'] * pow({{ law }}['high'] / {{ law }}['low'], {{ u }})
        when 'number_counts' then
            {{ law }}['low']
            + log10(
                1e0 + {{ u }} * (pow(10e0, {{ law }}['slope'] * ({{ law }}['high'] - {{ law }}['low'])) - 1e0)
            ) / {{ law }}['slope']
        else error('no such law in the seed priors: ' || {{ law }}['law'])
    end
{%- endmacro %}

{% macro law_density(law, x) -%}
    {#- Probability density of the law at x, per unit of x. -#}
    case {{ law }}['law']
        when 'uniform' then 1e0 / ({{ law }}['high'] - {{ law }}['low'])
        when 'log_uniform' then 1e0 / ({{ x }} * ln({{ law }}['high'] / {{ law }}['low']))
        when 'number_counts' then
            {{ law }}['slope'] * ln(10e0) * pow(10e0, {{ law }}['slope'] * ({{ x }} - {{ law }}['low']))
            / (pow(10e0, {{ law }}['slope'] * ({{ law }}['high'] - {{ law }}['low'])) - 1e0)
    end
{%- endmacro %}

{% macro clipped_normal(mean, standard_deviate) -%}
    greatest(
        {{ var('src_colour_min_mag') }}e0,
        least(
            {{ var('src_colour_max_mag') }}e0,
            {{ mean }}e0 + {{ var('src_colour_sigma_mag') }}e0 * {{ standard_deviate }}
        )
    )
{%- endmacro %}

{% macro clipped_normal_density(mean, x) -%}
    {#- Density between the limits; at a limit, the probability that clipping gathers there. -#}
    {%- set sigma = var('src_colour_sigma_mag') ~ 'e0' -%}
    {%- set low = var('src_colour_min_mag') ~ 'e0' -%}
    {%- set high = var('src_colour_max_mag') ~ 'e0' -%}
    case
        when {{ x }} <= {{ low }} then normal_cdf(({{ low }} - {{ mean }}e0) / {{ sigma }})
        when {{ x }} >= {{ high }} then normal_cdf(({{ mean }}e0 - {{ high }}) / {{ sigma }})
        else
            exp(-0.5e0 * pow(({{ x }} - {{ mean }}e0) / {{ sigma }}, 2))
            / ({{ sigma }} * sqrt(2e0 * pi()))
    end
{%- endmacro %}

{% macro is_clipped(colour) -%}
    {{ colour }} in ({{ var('src_colour_min_mag') }}e0, {{ var('src_colour_max_mag') }}e0)
{%- endmacro %}
