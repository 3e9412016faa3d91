{{ config(materialized='ephemeral') }}
-- One row per system with an arc, every parameter drawn; `systems` is the table of it.
{%- set parameters = prior_parameters() %}
with

keyed_injections as (
    select * from {{ ref('keyed_injections') }}
),

parameters as (
    select
        *,
        {%- for name, u in parameters.items() %}
        case when is_prior then {{ law_draw(name ~ '_law', u) }} else grid_{{ name }} end as {{ name }},
        {%- endfor %}
        {%- if var('lens_follows_host') %}
        least({{ var('lens_e_max') }}e0, host_e) as lens_e,
        case
            when host_e > 0 then host_phi_rad
            else pi() * {{ digest_u2('lens_digest') }}
        end as lens_phi_rad,
        {%- else %}
        {{ var('lens_e_min') }}e0
        + {{ var('lens_e_max') - var('lens_e_min') }}e0 * {{ digest_u1('lens_digest') }} as lens_e,
        pi() * {{ digest_u2('lens_digest') }} as lens_phi_rad,
        {%- endif %}
        {{ clipped_normal(var('src_gr_mean_mag'), standard_normal('colours_digest', 'cos')) }}
            as src_gr,
        {{ clipped_normal(var('src_rz_mean_mag'), standard_normal('colours_digest', 'sin')) }}
            as src_rz
    from keyed_injections
),

-- Uniform in the area of a disc whose radius goes with the Einstein radius.
placed_sources as (
    select
        *,
        {{ var('beta_max_over_theta_e') }}e0 * theta_e_arcsec
        * sqrt({{ digest_u1('position_digest') }}) as src_radius_arcsec,
        2e0 * pi() * {{ digest_u2('position_digest') }} as src_azimuth_rad
    from parameters
),

injected_systems as (
    select
        brickid,
        objid,
        config_id,
        replicate,
        is_control,
        render_id,
        grid,
        brickname,
        ra,
        dec,
        'SIE' as lens_model,
        theta_e_arcsec,
        lens_e,
        lens_phi_rad,
        shear,
        pi() * {{ digest_u2('angles_digest') }} as shear_phi_rad,
        src_radius_arcsec * cos(src_azimuth_rad) as src_x_arcsec,
        src_radius_arcsec * sin(src_azimuth_rad) as src_y_arcsec,
        -- As the grid has it: the difference of two magnitudes would not be its value to the bit.
        case when is_prior then src_r_mag - host_r_mag else grid_src_dmag end as src_dmag,
        case when is_prior then 'intrinsic' else 'observed' end as src_mag_frame,
        src_r_mag,
        src_gr,
        src_rz,
        src_reff_arcsec,
        src_e,
        2e0 * pi() * {{ digest_u1('angles_digest') }} as src_phi_rad,
        src_n,
        psfsize_g,
        psfsize_r,
        psfsize_z,
        ebv,
        {{ digest_seed64('noise_digest') }} as task_seed64,
        {{ var('beta_max_over_theta_e') }}::double as beta_max_over_theta_e,
        case
            when not is_prior then 1e0 / n_configs
            else
                {%- for name in parameters %}
                {{ '* ' if not loop.first }}{{ law_density(name ~ '_law', name) }}
                {%- endfor %}
        end as proposal_density_system,
        {{ clipped_normal_density(var('src_gr_mean_mag'), 'src_gr') }}
        * {{ clipped_normal_density(var('src_rz_mean_mag'), 'src_rz') }}
        {%- if not var('lens_follows_host') %}
        / {{ var('lens_e_max') - var('lens_e_min') }}e0 / pi()
        {%- endif %}
        / (2e0 * pi()) / pi()
        / (pi() * pow({{ var('beta_max_over_theta_e') }}e0 * theta_e_arcsec, 2))
            as proposal_density_nuisance,
        concat_ws(
            ',',
            case
                when not is_prior
                    then 'theta_e_arcsec,src_dmag,src_reff_arcsec,src_e,src_n,shear'
            end,
            {%- if var('lens_follows_host') %}
            'lens_e,lens_phi_rad',
            {%- endif %}
            case when {{ is_clipped('src_gr') }} then 'src_gr' end,
            case when {{ is_clipped('src_rz') }} then 'src_rz' end
        ) as proposal_atoms
    from placed_sources
)

select * from injected_systems
