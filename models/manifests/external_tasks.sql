{{ config(materialized='ephemeral') }}
-- A manifest made elsewhere, with the columns of the original pipeline, read in place of our own.
with

external_manifest as (
    select * from read_parquet('{{ var("external_manifest") }}')
),

stg_bricks as (
    select
        brickid,
        brickname
    from {{ ref('stg_bricks') }}
),

-- Such a manifest has no objid: hosts are told apart by their position, numbered below zero.
numbered_hosts as (
    select
        *,
        -dense_rank() over (partition by brickname order by ra, dec)::integer as objid
    from external_manifest
),

keyed_tasks as (
    select
        numbered_hosts.*,
        stg_bricks.brickid,
        {{ render_key(
            'stg_bricks.brickid', 'numbered_hosts.objid',
            "case when numbered_hosts.is_control::integer = 1 then 'CONTROL' else numbered_hosts.config_id end",
            "case when numbered_hosts.is_control::integer = 1 then 0 else numbered_hosts.replicate end"
        ) }} as render_id
    from numbered_hosts
    left join stg_bricks on numbered_hosts.brickname = stg_bricks.brickname
),

external_tasks as (
    select
        task_id,
        coalesce(
            render_id, error('brick ' || brickname || ' of the external manifest is not in stg_bricks')
        ) as render_id,
        experiment_id,
        split_part(experiment_id, '_', 1) as tier,
        selection_set_id,
        selection_strategy,
        ranking_mode,
        region_id::integer as region_id,
        region_split,
        brickname,
        brickid,
        objid,
        ra::double as ra,
        dec::double as dec,
        config_id,
        replicate::integer as replicate,
        is_control::integer = 1 as is_control,
        lens_model,
        {%- for name in [
            'theta_e_arcsec', 'lens_e', 'lens_phi_rad', 'shear', 'shear_phi_rad', 'src_x_arcsec',
            'src_y_arcsec', 'src_dmag',
        ] %}
        {{ name }}::double as {{ name }},
        {%- endfor %}
        'observed' as src_mag_frame,
        case
            when is_control::integer = 1 then 0e0
            else coalesce(rmag, {{ var('rmag_fallback_mag') }}) + src_dmag
        end::double as src_r_mag,
        -- The original drew colours for controls too; a control has no source here.
        case when is_control::integer = 1 then 0e0 else src_gr end::double as src_gr,
        case when is_control::integer = 1 then 0e0 else src_rz end::double as src_rz,
        src_reff_arcsec::double as src_reff_arcsec,
        src_e::double as src_e,
        src_phi_rad::double as src_phi_rad,
        case when is_control::integer = 1 then 0e0 else {{ var('grid_src_n') }} end::double as src_n,
        {%- for name in ['zmag', 'rmag', 'w1mag', 'rz', 'zw1'] %}
        {{ name }}::double as {{ name }},
        {%- endfor %}
        {%- for name in ['psfsize_g', 'psfsize_r', 'psfsize_z', 'psfdepth_r', 'ebv'] %}
        {{ name }}::float as {{ name }},
        {%- endfor %}
        psf_bin::tinyint as psf_bin,
        depth_bin::tinyint as depth_bin,
        stamp_size::integer as stamp_size,
        bandset,
        ab_zp_nmgy::double as ab_zp_nmgy,
        pipeline_version,
        task_seed64::bigint as task_seed64,
        {{ var('beta_max_over_theta_e') }}::double as beta_max_over_theta_e,
        null::double as inclusion_probability,
        null::double as proposal_density_system,
        null::double as proposal_density_nuisance,
        null::varchar as proposal_atoms
    from keyed_tasks
)

select * from external_tasks
