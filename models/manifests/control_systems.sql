{{ config(materialized='ephemeral') }}
-- One row per control: its galaxy and nothing else, one render whatever config it stands in for.
with

host_configs as (
    select * from {{ ref('host_configs') }}
    where is_control
),

system_hosts as (
    select * from {{ ref('system_hosts') }}
),

keyed_controls as (
    select
        *,
        {{ render_key('brickid', 'objid', "'CONTROL'", "'0'") }} as render_id
    from host_configs
),

control_systems as (
    select
        keyed_controls.*,
        system_hosts.brickname,
        system_hosts.ra,
        system_hosts.dec,
        'CONTROL' as lens_model,
        {%- for name in [
            'theta_e_arcsec', 'lens_e', 'lens_phi_rad', 'shear', 'shear_phi_rad', 'src_x_arcsec',
            'src_y_arcsec', 'src_dmag', 'src_r_mag', 'src_gr', 'src_rz', 'src_reff_arcsec', 'src_e',
            'src_phi_rad', 'src_n',
        ] %}
        0e0 as {{ name }},
        {%- endfor %}
        'observed' as src_mag_frame,
        system_hosts.psfsize_g,
        system_hosts.psfsize_r,
        system_hosts.psfsize_z,
        system_hosts.ebv,
        {{ digest_seed64(keyed_digest('keyed_controls.render_id', 'noise')) }} as task_seed64,
        {{ var('beta_max_over_theta_e') }}::double as beta_max_over_theta_e,
        '' as proposal_atoms
    from keyed_controls
    inner join system_hosts
        on
            keyed_controls.brickid = system_hosts.brickid
            and keyed_controls.objid = system_hosts.objid
)

select * from control_systems
