with

injections as not materialized (
    select * from {{ ref('injections') }}
),

psf_provenance as (
    {%- for band in var('bands') %}
    select
        experiment_id,
        '{{ band }}' as band,
        psf_source_{{ band }} as psf_source,
        count(*) as n_tasks,
        count(*) filter (where is_control) as n_controls,
        min(psf_fwhm_used_{{ band }}) as psf_fwhm_min_arcsec,
        median(psf_fwhm_used_{{ band }}) as psf_fwhm_p50_arcsec,
        max(psf_fwhm_used_{{ band }}) as psf_fwhm_max_arcsec
    from injections
    group by experiment_id, psf_source_{{ band }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from psf_provenance
order by experiment_id, band, psf_source
