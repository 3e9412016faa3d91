{#- Whether a source fails a cut, on columns of `stg_sources`, `pool_rules` and `nearest_lenses`.
    Each cut is written here alone: as a flag for `source_cuts`, in order for the funnel. What passes
    is said, so that a missing value fails; `is not true` costs less than coalesce. A comparison with
    NaN is true in DuckDB (NaN is the largest number), hence isfinite. -#}
{% macro fails(cut) -%}
    {{ return('(' ~ passes(cut) ~ ') is not true') }}
{%- endmacro %}

{% macro passes(cut) -%}
    {%- set latitude = sin_galactic_latitude('stg_sources.ra', 'stg_sources.dec') -%}
    {{ return({
        'coordinates': is_position('stg_sources.ra', 'stg_sources.dec'),
        'footprint': passes_footprint(latitude),
        'type': 'list_contains(pool_rules.types, stg_sources.type)',
        'mask': '(stg_sources.maskbits & pool_rules.mask_value) = 0',
        'exposures': [
            enough_exposures('g'), enough_exposures('r'), enough_exposures('z')
        ] | join(' and '),
        'exposures_g': enough_exposures('g'),
        'exposures_r': enough_exposures('r'),
        'exposures_z': enough_exposures('z'),
        'flux_z': 'pool_rules.is_positive_flux_required = 0'
            ~ ' or (stg_sources.flux_z > 0 and isfinite(stg_sources.flux_z))',
        'z_mag': passes_z_mag(),
        'known_lens': 'nearest_lenses.nearest_lens_arcsec is null'
            ~ ' or nearest_lenses.nearest_lens_arcsec > pool_rules.exclusion_radius_arcsec',
        'extinction': 'stg_sources.ebv <= pool_rules.ebv_max_mag',
        'latitude':
            'abs(' ~ latitude ~ ') >= sin(radians(pool_rules.abs_galactic_latitude_min_deg))',
        'seeing': 'stg_sources.psfsize_r <= pool_rules.psfsize_r_max_arcsec',
        'depth': 'stg_sources.psfdepth_r >= pool_rules.psfdepth_r_min_ivar',
        'dchisq': is_clearly_extended(),
        'fracflux': 'stg_sources.fracflux_r <= pool_rules.fracflux_r_max',
    }[cut]) }}
{%- endmacro %}

{% macro enough_exposures(band) -%}
    stg_sources.nobs_{{ band }} >= pool_rules.n_exposures_min
{%- endmacro %}

{#- The Galactic cap is worked out only where the two limits differ. -#}
{% macro passes_footprint(latitude) -%}
    stg_sources.dec > pool_rules.dec_min_deg
    and case
        when
            stg_sources.dec
            < least(pool_rules.dec_max_north_cap_deg, pool_rules.dec_max_south_cap_deg)
            then true
        when {{ latitude }} < 0 then stg_sources.dec < pool_rules.dec_max_south_cap_deg
        else stg_sources.dec < pool_rules.dec_max_north_cap_deg
    end
{%- endmacro %}

{#- What has no magnitude is left to the cut on flux. -#}
{% macro passes_z_mag() -%}
    stg_sources.flux_z is null
    or stg_sources.flux_z <= 0
    or stg_sources.flux_z > pool_rules.flux_z_min_nmgy
{%- endmacro %}

{#- dchisq is (PSF, REX, DEV, EXP, SER): the best of all is the best extended one wherever that
    gains anything on the point source. -#}
{% macro is_clearly_extended() -%}
    list_max(stg_sources.dchisq) - stg_sources.dchisq[1] >= pool_rules.dchisq_extended_min
{%- endmacro %}
