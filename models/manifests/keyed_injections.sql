{{ config(materialized='ephemeral') }}
{#-
    One row per system with an arc, before anything is drawn: its galaxy, its point of the grid or
    the laws of its prior, and the digests that its draws come from.
-#}
{%- set parameters = prior_parameters() -%}
with

host_configs as (
    select * from {{ ref('host_configs') }}
    where not is_control
),

system_hosts as (
    select * from {{ ref('system_hosts') }}
),

injection_configs as (
    select * from {{ ref('injection_configs') }}
),

-- One row per prior, its laws side by side.
prior_laws as (
    select
        prior,
        {%- for name in parameters %}
        any_value({ 'law': law, 'low': low, 'high': high, 'slope': slope })
            filter (where parameter = '{{ name }}') as {{ name }}_law{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('priors') }}
    group by prior
),

systems_asked_for as (
    select
        host_configs.*,
        system_hosts.* exclude (brickid, objid),
        injection_configs.grid,
        injection_configs.is_prior,
        injection_configs.n_configs,
        injection_configs.theta_e_arcsec as grid_theta_e_arcsec,
        injection_configs.shear as grid_shear,
        system_hosts.host_r_mag + injection_configs.src_dmag as grid_src_r_mag,
        injection_configs.src_reff_arcsec as grid_src_reff_arcsec,
        injection_configs.src_n as grid_src_n,
        injection_configs.src_e as grid_src_e,
        injection_configs.src_dmag as grid_src_dmag,
        prior_laws.* exclude (prior),
        {{ render_key(
            'host_configs.brickid', 'host_configs.objid',
            'host_configs.config_id', 'host_configs.replicate'
        ) }} as render_id
    from host_configs
    inner join system_hosts
        on host_configs.brickid = system_hosts.brickid and host_configs.objid = system_hosts.objid
    inner join injection_configs on host_configs.config_id = injection_configs.config_id
    left join prior_laws on injection_configs.grid = prior_laws.prior
),

keyed_injections as (
    select
        *,
        {%- for stream in ['position', 'angles', 'colours', 'lens', 'noise'] %}
        {{ keyed_digest('render_id', stream) }} as {{ stream }}_digest,
        {%- endfor %}
        {%- for stream in ['prior_lens', 'prior_source', 'prior_shape'] %}
        case when is_prior then {{ keyed_digest('render_id', stream) }} end as {{ stream }}_digest
        {{- ',' if not loop.last }}
        {%- endfor %}
    from systems_asked_for
)

select * from keyed_injections
