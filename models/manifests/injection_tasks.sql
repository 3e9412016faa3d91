{{ config(materialized='table' if var('external_manifest') else 'settled') }}
{%- set is_paired = var('control_pairing') == 'paired' %}
{%- set n_parts = 1 if var('external_manifest') else parts_of_tasks() %}
{%- if var('external_manifest') %}
with

injection_tasks as (
    select * from {{ ref('external_tasks') }}
)
{%- else %}
with

systems as (
    select * from {{ ref('systems') }}
),

sampled_galaxies as (
    select * from {{ ref('sampled_galaxies') }}
),

injection_configs as (
    select
        config_id,
        config_index,
        grid
    from {{ ref('injection_configs') }}
),

stage_config as (
    select * from {{ ref('stage_config') }}
),

selection_sets as (
    select * from {{ ref('selection_sets') }}
),

parent_galaxies as (
    select * from {{ ref('parent_galaxies') }}
),

-- In parts of as many bricks each, in the order of their names.
bricks_with_region as (
    select
        *,
        ntile({{ n_parts }}) over (order by brickname) as brick_part
    from {{ ref('bricks_with_region') }}
),

systems_in_bricks as (
    select
        systems.*,
        bricks_with_region.brick_part
    from systems
    inner join bricks_with_region on systems.brickid = bricks_with_region.brickid
),

systems_of_samples as (
    select
        systems.*,
        sampled_galaxies.* exclude (brickid, objid, grid)
    from systems_in_bricks as systems
    left join injection_configs on systems.config_id = injection_configs.config_id
    inner join sampled_galaxies
        on
            systems.brickid = sampled_galaxies.brickid
            and systems.objid = sampled_galaxies.objid
    where
        case
            when systems.config_id = 'CONTROL' then sampled_galaxies.is_control_host
            else
                -- a control that stands in for a config has no grid of its own
                injection_configs.grid = sampled_galaxies.grid
                and coalesce(sampled_galaxies.config_index = injection_configs.config_index, true)
                {%- if not is_paired %}
                and systems.is_control = sampled_galaxies.is_control_host
                {%- endif %}
        end
),

injection_tasks as (
    select
        md5(concat_ws(
            '|',
            stage_config.experiment_id,
            systems_of_samples.selection_set_id,
            systems_of_samples.brickid,
            systems_of_samples.objid,
            systems_of_samples.config_id,
            systems_of_samples.replicate
        )) as task_id,
        systems_of_samples.render_id,
        stage_config.experiment_id,
        stage_config.tier,
        systems_of_samples.selection_set_id,
        selection_sets.selection_strategy,
        selection_sets.ranking_mode,
        systems_of_samples.region_id,
        systems_of_samples.region_split,
        bricks_with_region.brickname,
        systems_of_samples.brickid,
        systems_of_samples.objid,
        parent_galaxies.ra,
        parent_galaxies.dec,
        systems_of_samples.config_id,
        systems_of_samples.replicate,
        systems_of_samples.is_control,
        systems_of_samples.lens_model,
        systems_of_samples.theta_e_arcsec,
        systems_of_samples.lens_e,
        systems_of_samples.lens_phi_rad,
        systems_of_samples.shear,
        systems_of_samples.shear_phi_rad,
        systems_of_samples.src_x_arcsec,
        systems_of_samples.src_y_arcsec,
        systems_of_samples.src_dmag,
        systems_of_samples.src_mag_frame,
        systems_of_samples.src_r_mag,
        systems_of_samples.src_gr,
        systems_of_samples.src_rz,
        systems_of_samples.src_reff_arcsec,
        systems_of_samples.src_e,
        systems_of_samples.src_phi_rad,
        systems_of_samples.src_n,
        parent_galaxies.zmag,
        parent_galaxies.rmag,
        parent_galaxies.w1mag,
        parent_galaxies.rz,
        parent_galaxies.zw1,
        coalesce(bricks_with_region.psfsize_g, bricks_with_region.psfsize_r) as psfsize_g,
        bricks_with_region.psfsize_r,
        coalesce(bricks_with_region.psfsize_z, bricks_with_region.psfsize_r) as psfsize_z,
        bricks_with_region.psfdepth_r,
        bricks_with_region.ebv,
        systems_of_samples.psf_bin,
        systems_of_samples.depth_bin,
        stage_config.stamp_size,
        stage_config.bandset,
        stage_config.ab_zp_nmgy,
        stage_config.pipeline_version,
        systems_of_samples.task_seed64,
        systems_of_samples.beta_max_over_theta_e,
        systems_of_samples.inclusion_probability,
        systems_of_samples.proposal_density_system,
        systems_of_samples.proposal_density_nuisance,
        systems_of_samples.proposal_atoms,
        systems_of_samples.brick_part
    from systems_of_samples
    inner join stage_config on systems_of_samples.experiment_id = stage_config.experiment_id
    inner join selection_sets
        on systems_of_samples.selection_set_id = selection_sets.selection_set_id
    inner join parent_galaxies
        on
            systems_of_samples.brickid = parent_galaxies.brickid
            and systems_of_samples.objid = parent_galaxies.objid
    inner join bricks_with_region on systems_of_samples.brickid = bricks_with_region.brickid
)
{%- endif %}
{% for part in range(1, n_parts + 1) %}
{%- if n_parts > 1 %}
{{ first_part() if loop.first else next_part() }}
{%- endif %}
select * {{ 'exclude (brick_part)' if not var('external_manifest') }}
from (
    select * from injection_tasks
    {%- if n_parts > 1 %}
    where brick_part = {{ part }}
    {%- endif %}
    order by brickname, objid, render_id, experiment_id, selection_set_id, config_id, replicate
) as sorted_tasks
{% endfor %}
