{%- set n_bins = 16 -%}
with

tiers as (
    select * from {{ ref('tiers') }}
    where
        survey_size = '{{ checked_var("survey_size", seed_values("tiers", "survey_size")) }}'
        and tier in ({{ checked_list('tiers', seed_values('tiers', 'tier')) }})
        {%- if var('grids') %}
        and grid in ({{ checked_list('grids', seed_values('tiers', 'grid')) }})
        {%- endif %}
),

grids as (
    select distinct
        grid,
        is_prior,
        n_configs
    from {{ ref('injection_configs') }}
),

selection_sets as (
    select list(selection_set_id order by selection_set_id) as all_selection_set_ids
    from {{ ref('selection_sets') }}
    {%- if var('selection_sets') %}
    where selection_set_id in (
        {{ checked_list('selection_sets', seed_values('selection_sets', 'selection_set_id')) }}
    )
    {%- endif %}
),

brick_edges as (
    select
        quantile_cont(psfsize_r::double, [0, 0.25, 0.5, 0.75, 1]) as psf_edges,
        quantile_cont(psfdepth_r::double, [0, 0.25, 0.5, 0.75, 1]) as depth_edges
    from {{ ref('bricks_with_region') }}
),

tier_settings as (
    select
        tiers.tier,
        tiers.grid,
        tiers.sampling,
        tiers.survey_size,
        case
            when tiers.n_galaxies < 1
                then error('tier ' || tiers.tier || ' asks for ' || tiers.n_galaxies || ' galaxies')
            else tiers.n_galaxies
        end as n_galaxies,
        tiers.control_frac,
        coalesce(
            grids.n_configs,
            error(
                'tier ' || tiers.tier || ' asks for the grid "' || tiers.grid
                || '", which neither the seed grid_axes nor the seed priors has'
            )
        ) as n_configs,
        grids.is_prior,
        case
            when tiers.selection_sets = 'all' then selection_sets.all_selection_set_ids
            else list_intersect(
                string_split(tiers.selection_sets, ' '), selection_sets.all_selection_set_ids
            )
        end as selection_set_ids,
        brick_edges.psf_edges,
        brick_edges.depth_edges
    from tiers
    left join grids on tiers.grid = grids.grid
    cross join selection_sets
    cross join brick_edges
),

stamp_sizes as (
    select unnest({{ var('stamp_sizes') }}) as stamp_size
),

bandsets as (
    select unnest({{ var('bandsets') }}) as bandset
),

experiments as (
    select
        format(
            '{}_stamp{}_bands{}_grid{}',
            tier_settings.tier, stamp_sizes.stamp_size, bandsets.bandset, tier_settings.grid
        ) as experiment_id,
        tier_settings.*,
        stamp_sizes.stamp_size,
        bandsets.bandset,
        {{ var('replicates') }} as n_replicates,
        len(tier_settings.selection_set_ids) as n_selection_sets,
        3 as n_splits,
        case tier_settings.sampling
            when 'all_configs' then tier_settings.n_configs
            when 'one_config' then 1
            else error('no such sampling: ' || tier_settings.sampling)
        end as n_configs_per_galaxy
    from tier_settings
    cross join stamp_sizes
    cross join bandsets
),

experiment_sizes as (
    select
        *,
        n_galaxies::bigint * n_selection_sets * n_splits as n_hosts_nominal,
        {%- if checked_var('control_pairing', ['paired', 'disjoint']) == 'paired' %}
        n_configs_per_galaxy * n_replicates as n_injections_per_host,
        control_frac as n_controls_per_host
        {%- else %}
        n_configs_per_galaxy * n_replicates * (1 - control_frac) as n_injections_per_host,
        n_configs_per_galaxy * n_replicates * control_frac as n_controls_per_host
        {%- endif %}
    from experiments
),

stage_config as (
    select
        experiment_id,
        tier,
        grid,
        is_prior,
        sampling,
        survey_size,
        selection_set_ids,
        stamp_size,
        bandset,
        n_galaxies,
        n_galaxies < {{ n_bins }} as has_fewer_hosts_than_bins,
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
            n_hosts_nominal * (n_injections_per_host + n_controls_per_host)
        )::bigint as n_tasks_nominal,
        {{ var('task_limit') }}::bigint as task_limit,
        {{ var('beta_max_over_theta_e') }}::double as beta_max_over_theta_e,
        {{ var('lens_follows_host') }} as lens_follows_host,
        {{ var('grid_src_n') }}::double as grid_src_n,
        {{ var('lens_e_min') }}::double as lens_e_min,
        {{ var('lens_e_max') }}::double as lens_e_max,
        {{ var('src_gr_mean_mag') }}::double as src_gr_mean_mag,
        {{ var('src_rz_mean_mag') }}::double as src_rz_mean_mag,
        {{ var('src_colour_sigma_mag') }}::double as src_colour_sigma_mag,
        {{ var('src_colour_min_mag') }}::double as src_colour_min_mag,
        {{ var('src_colour_max_mag') }}::double as src_colour_max_mag,
        '{{ var("parent_variant") }}' as parent_variant,
        '{{ var("lrg_magnitudes") }}' as lrg_magnitudes,
        {{ var('known_lens_radius_arcsec') }}::double as known_lens_radius_arcsec,
        {{ var('seed') }} as seed,
        {{ var('split_nside') }} as split_nside,
        {{ var('split_train_fraction') }}::double as split_train_fraction,
        {{ var('split_val_fraction') }}::double as split_val_fraction,
        {{ var('split_buffer_arcsec') }}::double as split_buffer_arcsec,
        {{ var('regions_cut_by_cell') }} as regions_cut_by_cell,
        {{ var('ab_zp_nmgy') }}::double as ab_zp_nmgy,
        '{{ var("pipeline_version") }}' as pipeline_version,
        '{{ var("external_manifest") }}' as external_manifest
    from experiment_sizes
),

largest_experiment as (
    select
        experiment_id,
        list_max([
            { 'value': n_galaxies::bigint, 'name': 'galaxies per selection set and split' },
            { 'value': n_configs_per_galaxy::bigint, 'name': 'configs per galaxy' },
            { 'value': n_selection_sets::bigint, 'name': 'selection sets' },
            { 'value': n_splits::bigint, 'name': 'splits' },
            { 'value': n_replicates::bigint, 'name': 'replicates' }
        ]) as biggest_factor
    from experiment_sizes
    qualify row_number() over (
        order by n_hosts_nominal * (n_injections_per_host + n_controls_per_host) desc, experiment_id asc
    ) = 1
),

total as (
    select
        sum(n_tasks_nominal)::bigint as n_tasks,
        any_value(task_limit) as task_limit
    from stage_config
),

guardrail as (
    select
        case
            when total.task_limit > 0 and total.n_tasks > total.task_limit
                then error(format(
                    'The manifests would hold {:,} tasks, more than task_limit {:,}. The largest '
                    || 'experiment is {} and its biggest factor {} ({:,}): lower it in the seed '
                    || 'tiers, or raise the var task_limit (0 switches the check off).',
                    total.n_tasks,
                    total.task_limit,
                    largest_experiment.experiment_id,
                    largest_experiment.biggest_factor.name,
                    largest_experiment.biggest_factor.value
                ))
            else true
        end as is_within_limit
    from total
    cross join largest_experiment
)

select stage_config.*
from stage_config
cross join guardrail
where guardrail.is_within_limit
order by stage_config.experiment_id
