{{ config(materialized='ephemeral') }}
-- One row per task of our own systems, in the columns of `injection_tasks`.
with

system_samples as (
    select * from {{ ref('system_samples') }}
),

experiments as (
    select * from {{ ref('experiments') }}
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
        brickid,
        psfdepth_r,
        ntile({{ parts_of_tasks() }}) over (order by brickname) as brick_part
    from {{ ref('bricks_with_region') }}
),

own_tasks as (
    select
        md5(concat_ws(
            '|',
            experiments.experiment_id,
            system_samples.selection_set_id,
            system_samples.brickid,
            system_samples.objid,
            system_samples.config_id,
            system_samples.replicate
        )) as task_id,
        system_samples.render_id,
        experiments.experiment_id,
        experiments.tier,
        system_samples.selection_set_id,
        selection_sets.selection_strategy,
        selection_sets.ranking_mode,
        system_samples.region_id,
        system_samples.region_split,
        system_samples.brickname,
        system_samples.brickid,
        system_samples.objid,
        system_samples.ra,
        system_samples.dec,
        system_samples.config_id,
        system_samples.replicate,
        system_samples.is_control,
        system_samples.lens_model,
        system_samples.theta_e_arcsec,
        system_samples.lens_e,
        system_samples.lens_phi_rad,
        system_samples.shear,
        system_samples.shear_phi_rad,
        system_samples.src_x_arcsec,
        system_samples.src_y_arcsec,
        system_samples.src_dmag,
        system_samples.src_mag_frame,
        system_samples.src_r_mag,
        system_samples.src_gr,
        system_samples.src_rz,
        system_samples.src_reff_arcsec,
        system_samples.src_e,
        system_samples.src_phi_rad,
        system_samples.src_n,
        parent_galaxies.zmag,
        parent_galaxies.rmag,
        parent_galaxies.w1mag,
        parent_galaxies.rz,
        parent_galaxies.zw1,
        system_samples.psfsize_g,
        system_samples.psfsize_r,
        system_samples.psfsize_z,
        bricks_with_region.psfdepth_r,
        system_samples.ebv,
        system_samples.psf_bin,
        system_samples.depth_bin,
        experiments.stamp_size,
        experiments.bandset,
        experiments.ab_zp_nmgy,
        experiments.pipeline_version,
        system_samples.task_seed64,
        system_samples.beta_max_over_theta_e,
        system_samples.inclusion_probability,
        system_samples.proposal_density_system,
        system_samples.proposal_density_nuisance,
        system_samples.proposal_atoms,
        bricks_with_region.brick_part
    from system_samples
    inner join experiments on system_samples.experiment_id = experiments.experiment_id
    inner join selection_sets
        on system_samples.selection_set_id = selection_sets.selection_set_id
    inner join parent_galaxies
        on
            system_samples.brickid = parent_galaxies.brickid
            and system_samples.objid = parent_galaxies.objid
    inner join bricks_with_region on system_samples.brickid = bricks_with_region.brickid
)

select * from own_tasks
