with

cells_of_regions as (
    select * from {{ ref('completeness_cells') }} where cube = 'original'
),

cells_over_regions as (
    select * from {{ ref('completeness_cells') }} where cube = 'original_over_regions'
),

spread_of_regions as (
    select
        experiment_id,
        rule,
        {{ surface_axes() }},
        count(*) filter (where n_attempt > 0) as n_regions
        {%- for quality in ['all', 'clean'] %},
        avg(completeness_valid_{{ quality }}) as completeness_valid_{{ quality }}_mean,
        stddev_samp(completeness_valid_{{ quality }}) as completeness_valid_{{ quality }}_std
        {%- endfor %}
    from cells_of_regions
    group by experiment_id, rule, {{ surface_axes() }}
),

completeness_by_region as (
    select
        cells_over_regions.experiment_id,
        cells_over_regions.rule,
        cells_over_regions.rule_kind,
        cells_over_regions.region_split,
        cells_over_regions.selection_set_id,
        cells_over_regions.ranking_mode,
        cells_over_regions.theta_e_grid_arcsec as theta_e_arcsec,
        cells_over_regions.src_dmag,
        cells_over_regions.src_reff_arcsec,
        cells_over_regions.psf_bin,
        cells_over_regions.depth_bin,
        {{ resolution_label(
            'cells_over_regions.resolution_bin_low', 'cells_over_regions.resolution_bin_high'
        ) }} as resolution_bin,
        coalesce(spread_of_regions.n_regions, 0) as n_regions,
        cells_over_regions.n_attempt as n_attempt_total
        {%- for quality in ['all', 'clean'] %},
        cells_over_regions.n_valid_{{ quality }} as n_valid_{{ quality }}_total,
        cells_over_regions.n_recovered_{{ quality }} as n_recovered_{{ quality }}_total,
        cells_over_regions.n_hosts_{{ quality }},
        spread_of_regions.completeness_valid_{{ quality }}_mean,
        spread_of_regions.completeness_valid_{{ quality }}_std,
        cells_over_regions.completeness_valid_{{ quality }} as completeness_valid_{{ quality }}_pooled,
        cells_over_regions.wilson_low_{{ quality }} as ci_low_pooled_{{ quality }},
        cells_over_regions.wilson_high_{{ quality }} as ci_high_pooled_{{ quality }}
        {%- endfor %},
        cells_over_regions.arc_snr_mean,
        cells_over_regions.arc_snr_p50,
        cells_over_regions.theta_over_psf_mean
    from cells_over_regions
    left join spread_of_regions
        on cells_over_regions.experiment_id = spread_of_regions.experiment_id
        and cells_over_regions.rule = spread_of_regions.rule
        {%- for column in surface_axes().split(', ') %}
        and cells_over_regions.{{ column }} is not distinct from spread_of_regions.{{ column }}
        {%- endfor %}
)

select * from completeness_by_region
