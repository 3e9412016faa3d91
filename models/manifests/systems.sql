with

host_configs as (
    select * from {{ ref('host_configs') }}
),

injection_configs as (
    select * from {{ ref('injection_configs') }}
),

parent_galaxies as (
    select
        brickid,
        objid,
        rmag,
        shape_e1,
        shape_e2
    from {{ ref('parent_galaxies') }}
),

-- One row per prior, its laws side by side.
prior_laws as (
    select
        prior,
        {%- for name in ['theta_e_arcsec', 'src_r_mag', 'src_reff_arcsec', 'src_n', 'src_e', 'shear'] %}
        any_value({ 'law': law, 'low': low, 'high': high, 'slope': slope })
            filter (where parameter = '{{ name }}') as {{ name }}_law{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('priors') }}
    group by prior
),

keyed_systems as (
    select
        host_configs.*,
        injection_configs.grid,
        injection_configs.is_prior,
        injection_configs.n_configs,
        injection_configs.theta_e_arcsec as grid_theta_e_arcsec,
        injection_configs.src_dmag as grid_src_dmag,
        injection_configs.src_reff_arcsec as grid_src_reff_arcsec,
        injection_configs.src_n as grid_src_n,
        injection_configs.src_e as grid_src_e,
        injection_configs.shear as grid_shear,
        prior_laws.* exclude (prior),
        coalesce(parent_galaxies.rmag, {{ var('rmag_fallback_mag') }}) as host_r_mag,
        least(1e0, sqrt(pow(parent_galaxies.shape_e1::double, 2)
            + pow(parent_galaxies.shape_e2::double, 2))) as host_e,
        -- From +x (west) towards +y (north): a quarter turn more than east of north.
        0.5e0 * atan2(parent_galaxies.shape_e2::double, parent_galaxies.shape_e1::double)
            + 0.5e0 * pi() as host_phi_rad,
        {{ render_key(
            'host_configs.brickid', 'host_configs.objid',
            'host_configs.config_id', 'host_configs.replicate'
        ) }} as render_id
    from host_configs
    inner join parent_galaxies
        on
            host_configs.brickid = parent_galaxies.brickid
            and host_configs.objid = parent_galaxies.objid
    inner join injection_configs on host_configs.config_id = injection_configs.config_id
    left join prior_laws on injection_configs.grid = prior_laws.prior
    where not host_configs.is_control
),

digests as (
    select
        *,
        {%- for stream in ['position', 'angles', 'colours', 'lens', 'noise'] %}
        {{ keyed_digest('render_id', stream) }} as {{ stream }}_digest,
        {%- endfor %}
        {%- for stream in ['prior_lens', 'prior_source', 'prior_shape'] %}
        case when is_prior then {{ keyed_digest('render_id', stream) }} end as {{ stream }}_digest
        {{- ',' if not loop.last }}
        {%- endfor %}
    from keyed_systems
),

parameters as (
    select
        *,
        case
            when is_prior then {{ law_draw('theta_e_arcsec_law', digest_u1('prior_lens_digest')) }}
            else grid_theta_e_arcsec
        end as theta_e_arcsec,
        case
            when is_prior then {{ law_draw('shear_law', digest_u2('prior_lens_digest')) }}
            else grid_shear
        end as shear,
        case
            when is_prior then {{ law_draw('src_r_mag_law', digest_u1('prior_source_digest')) }}
            else host_r_mag + grid_src_dmag
        end as src_r_mag,
        case
            when is_prior then {{ law_draw('src_reff_arcsec_law', digest_u2('prior_source_digest')) }}
            else grid_src_reff_arcsec
        end as src_reff_arcsec,
        case
            when is_prior then {{ law_draw('src_n_law', digest_u1('prior_shape_digest')) }}
            else grid_src_n
        end as src_n,
        case
            when is_prior then {{ law_draw('src_e_law', digest_u2('prior_shape_digest')) }}
            else grid_src_e
        end as src_e,
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
    from digests
),

-- Uniform in the area of a disc whose radius goes with the Einstein radius.
injected_systems as (
    select
        brickid,
        objid,
        config_id,
        replicate,
        is_control,
        render_id,
        grid,
        'SIE' as lens_model,
        theta_e_arcsec,
        lens_e,
        lens_phi_rad,
        shear,
        pi() * {{ digest_u2('angles_digest') }} as shear_phi_rad,
        {{ var('beta_max_over_theta_e') }}e0 * theta_e_arcsec
        * sqrt({{ digest_u1('position_digest') }})
        * cos(2e0 * pi() * {{ digest_u2('position_digest') }}) as src_x_arcsec,
        {{ var('beta_max_over_theta_e') }}e0 * theta_e_arcsec
        * sqrt({{ digest_u1('position_digest') }})
        * sin(2e0 * pi() * {{ digest_u2('position_digest') }}) as src_y_arcsec,
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
        {{ digest_seed64('noise_digest') }} as task_seed64,
        {{ var('beta_max_over_theta_e') }}::double as beta_max_over_theta_e,
        case
            when is_prior then
                {{ law_density('theta_e_arcsec_law', 'theta_e_arcsec') }}
                * {{ law_density('shear_law', 'shear') }}
                * {{ law_density('src_r_mag_law', 'src_r_mag') }}
                * {{ law_density('src_reff_arcsec_law', 'src_reff_arcsec') }}
                * {{ law_density('src_n_law', 'src_n') }}
                * {{ law_density('src_e_law', 'src_e') }}
            else 1e0 / n_configs
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
    from parameters
),

-- A control is its galaxy and nothing else: whatever config it stands in for, one render.
keyed_controls as (
    select
        *,
        {{ render_key('brickid', 'objid', "'CONTROL'", "'0'") }} as render_id
    from host_configs
    where is_control
),

drawn_controls as (
    select
        *,
        {{ keyed_digest('render_id', 'noise') }} as noise_digest
    from keyed_controls
),

control_systems as (
    select
        brickid,
        objid,
        config_id,
        replicate,
        is_control,
        render_id,
        'CONTROL' as lens_model,
        {%- for name in [
            'theta_e_arcsec', 'lens_e', 'lens_phi_rad', 'shear', 'shear_phi_rad', 'src_x_arcsec',
            'src_y_arcsec', 'src_dmag', 'src_r_mag', 'src_gr', 'src_rz', 'src_reff_arcsec', 'src_e',
            'src_phi_rad', 'src_n',
        ] %}
        0e0 as {{ name }},
        {%- endfor %}
        'observed' as src_mag_frame,
        {{ digest_seed64('noise_digest') }} as task_seed64,
        {{ var('beta_max_over_theta_e') }}::double as beta_max_over_theta_e,
        '' as proposal_atoms
    from drawn_controls
),

systems as (
    select * from injected_systems
    union all by name
    select * from control_systems
)

select * from systems
order by brickid, objid, config_id, replicate, is_control
