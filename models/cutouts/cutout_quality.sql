{#- What is measured on cutouts is of g, r and z, whatever the var bands (udfs/cutouts/features.py). -#}
{%- set bands = ['g', 'r', 'z'] -%}
with

cutouts as (
    select * from {{ ref('cutouts') }}
),

cutout_measurements as (
    select * from {{ ref('cutout_measurements') }}
),

training_sample as (
    select * from {{ ref('training_sample') }}
),

sample_measured as (
    select
        cutouts.galaxy_id,
        cutouts.brickname,
        cutouts.is_lens,
        cutouts.split,
        cutouts.has_cutout,
        cutouts.reason_code as cutout_reason_code,
        coalesce(cutout_measurements.is_right_size, false) as is_right_size,
        {%- for band in bands %}
        -- A band is there when some of its pixels are measured and not all are zero.
        coalesce(
            cutout_measurements.nan_frac_{{ band }} + cutout_measurements.zero_frac_{{ band }} < 1,
            false
        ) as has_{{ band }},
        cutout_measurements.nan_frac_{{ band }},
        cutout_measurements.zero_frac_{{ band }},
        cutout_measurements.central_nan_frac_{{ band }},
        cutout_measurements.central_zero_frac_{{ band }},
        cutout_measurements.core_nan_frac_{{ band }},
        cutout_measurements.core_zero_frac_{{ band }},
        cutout_measurements.clip_frac_{{ band }},
        cutout_measurements.edge_artefact_{{ band }},
        cutout_measurements.aperture_flux_nmgy_{{ band }},
        {%- endfor %}
        greatest({% for band in bands %}
            cutout_measurements.central_nan_frac_{{ band }}{{ ', ' if not loop.last }}
            {%- endfor %}
        ) as central_nan_frac,
        greatest({% for band in bands %}
            cutout_measurements.core_nan_frac_{{ band }}{{ ', ' if not loop.last }}
            {%- endfor %}
        ) as core_nan_frac,
        greatest({% for band in bands %}
            cutout_measurements.central_zero_frac_{{ band }}{{ ', ' if not loop.last }}
            {%- endfor %}
        ) as central_zero_frac,
        greatest({% for band in bands %}
            cutout_measurements.clip_frac_{{ band }}{{ ', ' if not loop.last }}
            {%- endfor %}
        ) as clip_frac,
        greatest({% for band in bands %}
            cutout_measurements.edge_artefact_{{ band }}{{ ', ' if not loop.last }}
            {%- endfor %}
        ) as edge_artefact,
        cutout_measurements.aperture_flux_nmgy_r / nullif(training_sample.flux_r, 0)
            as flux_over_catalogue_r,
        cutout_measurements.aperture_g_r - training_sample.gr as g_r_off_mag,
        cutout_measurements.aperture_r_z - training_sample.rz as r_z_off_mag
    from cutouts
    inner join training_sample on cutouts.galaxy_id = training_sample.galaxy_id
    left join cutout_measurements on cutouts.galaxy_id = cutout_measurements.galaxy_id
),

-- The first reason that holds; bounds on light are wide, since neighbours share the aperture.
quality_with_reason as (
    select
        *,
        case
            when not has_cutout then cutout_reason_code
            when not is_right_size then 'wrong_size'
            when not (has_g and has_r and has_z) then 'band_empty'
            when central_nan_frac >= {{ var('cutout_max_central_nan_frac') }} then 'central_nan'
            when core_nan_frac >= {{ var('cutout_max_core_nan_frac') }} then 'core_nan'
            when central_zero_frac >= {{ var('cutout_max_central_nan_frac') }} then 'central_zero'
            when clip_frac >= {{ var('cutout_max_clip_frac') }} then 'clipped'
            when edge_artefact >= {{ var('cutout_max_edge_artefact') }} then 'edge_artefact'
            when
                flux_over_catalogue_r
                not between {{ 1 / var('cutout_max_flux_factor') }}
                and {{ var('cutout_max_flux_factor') }}
                then 'flux_off_catalogue'
            when
                greatest(abs(g_r_off_mag), abs(r_z_off_mag)) > {{ var('cutout_max_colour_off_mag') }}
                then 'colour_off_catalogue'
        end as reason_code
    from sample_measured
),

cutout_quality as (
    select
        * exclude (cutout_reason_code),
        reason_code is null as quality_ok
    from quality_with_reason
)

select * from cutout_quality
