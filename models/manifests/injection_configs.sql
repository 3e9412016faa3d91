with

grid_axes as (
    select * from {{ ref('grid_axes') }}
),

priors as (
    select distinct prior as prior_name from {{ ref('priors') }}
),

grid_names as (
    select distinct grid from grid_axes
),

{% for axis in ['theta_e_arcsec', 'src_dmag', 'src_reff_arcsec', 'src_e', 'shear'] -%}
{{ axis }}_values as (
    select
        grid,
        value as {{ axis }}
    from grid_axes
    where axis = '{{ axis }}'
),

{% endfor -%}

grid_points as (
    select
        theta_e_arcsec_values.grid,
        theta_e_arcsec_values.theta_e_arcsec,
        src_dmag_values.src_dmag,
        src_reff_arcsec_values.src_reff_arcsec,
        src_e_values.src_e,
        shear_values.shear,
        row_number() over (
            partition by theta_e_arcsec_values.grid
            order by
                theta_e_arcsec_values.theta_e_arcsec,
                src_dmag_values.src_dmag,
                src_reff_arcsec_values.src_reff_arcsec,
                src_e_values.src_e,
                shear_values.shear
        )::integer as config_index
    from theta_e_arcsec_values
    inner join src_dmag_values on theta_e_arcsec_values.grid = src_dmag_values.grid
    inner join src_reff_arcsec_values on theta_e_arcsec_values.grid = src_reff_arcsec_values.grid
    inner join src_e_values on theta_e_arcsec_values.grid = src_e_values.grid
    inner join shear_values on theta_e_arcsec_values.grid = shear_values.grid
),

named_grid_points as (
    select
        format(
            '{}_{:04d}_te{:g}_dm{:g}_rf{:g}_e{:g}_sh{:g}',
            grid, config_index, theta_e_arcsec, src_dmag, src_reff_arcsec, src_e, shear
        ) as config_id,
        grid,
        config_index,
        false as is_prior,
        theta_e_arcsec,
        src_dmag,
        src_reff_arcsec,
        src_e,
        {{ var('grid_src_n') }}::double as src_n,
        shear
    from grid_points
),

-- A prior is one config: each galaxy and replicate draws its own parameters from it.
named_priors as (
    select
        priors.prior_name as config_id,
        case
            when grid_names.grid is null then priors.prior_name
            else error(
                '"' || priors.prior_name || '" is the name of a grid and of a prior: rename one'
            )
        end as grid,
        1 as config_index,
        true as is_prior,
        null::double as theta_e_arcsec,
        null::double as src_dmag,
        null::double as src_reff_arcsec,
        null::double as src_e,
        null::double as src_n,
        null::double as shear
    from priors
    left join grid_names on priors.prior_name = grid_names.grid
),

configs as (
    select * from named_grid_points
    union all
    select * from named_priors
),

injection_configs as (
    select
        *,
        count(*) over (partition by grid)::integer as n_configs
    from configs
)

select * from injection_configs
order by grid, config_index
