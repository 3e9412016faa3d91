{{ config(materialized='ephemeral') }}
-- One row per system of a manifest made elsewhere, in the columns of `systems`.
with

external_tasks as (
    select * from {{ ref('external_tasks') }}
),

external_systems as (
    select distinct
        brickid,
        objid,
        config_id,
        replicate,
        is_control,
        render_id,
        null::varchar as grid,
        brickname,
        ra,
        dec,
        lens_model,
        theta_e_arcsec,
        lens_e,
        lens_phi_rad,
        shear,
        shear_phi_rad,
        src_x_arcsec,
        src_y_arcsec,
        src_dmag,
        src_mag_frame,
        src_r_mag,
        src_gr,
        src_rz,
        src_reff_arcsec,
        src_e,
        src_phi_rad,
        src_n,
        psfsize_g,
        psfsize_r,
        psfsize_z,
        ebv,
        -- Such a manifest may give each task a seed of its own.
        null::bigint as task_seed64,
        beta_max_over_theta_e,
        proposal_density_system,
        proposal_density_nuisance,
        proposal_atoms
    from external_tasks
)

select * from external_systems
