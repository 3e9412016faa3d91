{#
  The cuts on negatives, each written here alone: as a flag for `source_cuts`, in order for the
  funnel. They read columns of `source` (stg_sources, or what was made of it), of `rules` (the one
  row of pool_rules) and of nearest_lenses.
#}

{% macro fails(cut, source='stg_sources', rules='pool_rules') -%}
    {#-
      Whether a source fails a cut. The condition says what passes, so that a missing value fails;
      `is not true` costs less than coalesce.
    -#}
    {{ return('(' ~ passes(cut, source, rules) ~ ') is not true') }}
{%- endmacro %}

{% macro passes(cut, source, rules) -%}
    {#- A comparison with NaN is true in DuckDB (NaN is the largest number), hence isfinite. -#}
    {%- set latitude = sin_galactic_latitude(source ~ '.ra', source ~ '.dec') -%}
    {%- set exposures = {} -%}
    {%- for band in var('bands') -%}
        {%- do exposures.update({
            'exposures_' ~ band: source ~ '.nobs_' ~ band ~ ' >= ' ~ rules ~ '.n_exposures_min'
        }) -%}
    {%- endfor -%}
    {%- set conditions = {
        'coordinates': is_position(source ~ '.ra', source ~ '.dec'),
        'footprint': passes_footprint(source, rules, latitude),
        'type': 'list_contains(' ~ rules ~ '.types, ' ~ source ~ '.type)',
        'mask': '(' ~ source ~ '.maskbits & ' ~ rules ~ '.mask_value) = 0',
        'exposures': exposures.values() | join(' and '),
        'flux_z': rules ~ '.is_positive_flux_required = 0'
            ~ ' or (' ~ source ~ '.flux_z > 0 and isfinite(' ~ source ~ '.flux_z))',
        'z_mag': passes_z_mag(source, rules),
        'known_lens': 'nearest_lenses.nearest_lens_arcsec is null'
            ~ ' or nearest_lenses.nearest_lens_arcsec > ' ~ rules ~ '.exclusion_radius_arcsec',
        'extinction': source ~ '.ebv <= ' ~ rules ~ '.ebv_max_mag',
        'latitude': 'abs(' ~ latitude ~ ') >= sin(radians('
            ~ rules ~ '.abs_galactic_latitude_min_deg))',
        'seeing': source ~ '.psfsize_r <= ' ~ rules ~ '.psfsize_r_max_arcsec',
        'depth': source ~ '.psfdepth_r >= ' ~ rules ~ '.psfdepth_r_min_ivar',
        'dchisq': is_clearly_extended(source, rules),
        'fracflux': source ~ '.fracflux_r <= ' ~ rules ~ '.fracflux_r_max',
    } -%}
    {{ return(dict(conditions, **exposures)[cut]) }}
{%- endmacro %}

{% macro passes_footprint(source, rules, latitude) -%}
    {#- The Galactic cap is worked out only where the two limits differ. -#}
    {{ source }}.dec > {{ rules }}.dec_min_deg
    and case
        when
            {{ source }}.dec
            < least({{ rules }}.dec_max_north_cap_deg, {{ rules }}.dec_max_south_cap_deg)
            then true
        when {{ latitude }} < 0 then {{ source }}.dec < {{ rules }}.dec_max_south_cap_deg
        else {{ source }}.dec < {{ rules }}.dec_max_north_cap_deg
    end
{%- endmacro %}

{% macro passes_z_mag(source, rules) -%}
    {#- A source without a magnitude is left to the cut on flux. -#}
    {{ source }}.flux_z is null
    or {{ source }}.flux_z <= 0
    or {{ source }}.flux_z > {{ rules }}.flux_z_min_nmgy
{%- endmacro %}

{% macro is_clearly_extended(source, rules) -%}
    {#-
      dchisq is (PSF, REX, DEV, EXP, SER): the best of all is the best extended one wherever that
      gains anything on the point source.
    -#}
    list_max({{ source }}.dchisq) - {{ source }}.dchisq[1] >= {{ rules }}.dchisq_extended_min
{%- endmacro %}
