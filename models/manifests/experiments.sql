{{ config(
    pre_hook="{{ refuse_impossible_tiers() }}",
    post_hook="{{ refuse_too_many_tasks() }}"
) }}
{#- Vars that are written down with each experiment, by their own name, and the type of the column. -#}
{%- set recorded_vars = {
    'task_limit': 'bigint', 'beta_max_over_theta_e': 'double', 'lens_follows_host': 'boolean',
    'grid_src_n': 'double', 'lens_e_min': 'double', 'lens_e_max': 'double',
    'src_gr_mean_mag': 'double', 'src_rz_mean_mag': 'double', 'src_colour_sigma_mag': 'double',
    'src_colour_min_mag': 'double', 'src_colour_max_mag': 'double', 'parent_variant': 'varchar',
    'lrg_magnitudes': 'varchar', 'known_lens_radius_arcsec': 'double', 'seed': 'bigint',
    'split_nside': 'integer', 'split_train_fraction': 'double', 'split_val_fraction': 'double',
    'split_buffer_arcsec': 'double', 'regions_cut_by_cell': 'boolean', 'ab_zp_nmgy': 'double',
    'pipeline_version': 'varchar', 'external_manifest': 'varchar', 'host_bins_per_axis': 'integer',
} -%}
with

chosen_tiers as (
    select * from {{ ref('chosen_tiers') }}
),

brick_edges as (
    select
        quantile_cont(psfsize_r::double, {{ bin_fractions() }}) as psf_edges,
        quantile_cont(psfdepth_r::double, {{ bin_fractions() }}) as depth_edges
    from {{ ref('bricks_with_region') }}
),

stamp_sizes as (
    select unnest({{ var('stamp_sizes') }}) as stamp_size
),

bandsets as (
    select unnest({{ var('bandsets') }}) as bandset
),

planned_experiments as (
    select
        chosen_tiers.*,
        stamp_sizes.stamp_size,
        bandsets.bandset,
        brick_edges.psf_edges,
        brick_edges.depth_edges,
        {{ var('replicates') }} as n_replicates,
        if(chosen_tiers.sampling = 'all_configs', chosen_tiers.n_configs, 1) as n_configs_per_galaxy,
        n_configs_per_galaxy * n_replicates as n_draws_per_host
    from chosen_tiers
    cross join brick_edges
    cross join stamp_sizes
    cross join bandsets
),

-- Controls are added to the hosts' injections, or take their places.
rows_per_host as (
    select
        *,
        {%- if checked_var('control_pairing', ['paired', 'disjoint']) == 'paired' %}
        n_draws_per_host as n_injections_per_host,
        control_frac as n_controls_per_host
        {%- else %}
        n_draws_per_host * (1 - control_frac) as n_injections_per_host,
        n_draws_per_host * control_frac as n_controls_per_host
        {%- endif %}
    from planned_experiments
),

experiments as (
    select
        format('{}_stamp{}_bands{}_grid{}', tier, stamp_size, bandset, grid) as experiment_id,
        tier,
        grid,
        is_prior,
        sampling,
        survey_size,
        selection_set_ids,
        stamp_size,
        bandset,
        n_galaxies,
        n_galaxies < {{ var('host_bins_per_axis') ** 2 }} as has_fewer_hosts_than_bins,
        n_configs,
        n_replicates,
        n_configs_per_galaxy,
        '{{ var("control_pairing") }}' as control_pairing,
        control_frac,
        n_controls_per_host / (n_injections_per_host + n_controls_per_host) as control_row_frac,
        {{ var('refill_short_bins') }} as refill_short_bins,
        psf_edges,
        depth_edges,
        ceil(
            n_galaxies::bigint * len(selection_set_ids) * 3
            * (n_injections_per_host + n_controls_per_host)
        )::bigint as n_tasks_nominal,
        {%- for name, type in recorded_vars.items() %}
        '{{ var(name) }}'::{{ type }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from rows_per_host
)

select * from experiments
order by experiment_id
