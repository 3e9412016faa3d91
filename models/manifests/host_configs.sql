{%- set is_paired = checked_var('control_pairing', ['paired', 'disjoint']) == 'paired' -%}
with

sampled_galaxies as (
    select * from {{ ref('sampled_galaxies') }}
),

injection_configs as (
    select
        grid,
        config_id,
        config_index
    from {{ ref('injection_configs') }}
),

replicates as (
    select unnest(range({{ var('replicates') }}))::integer as replicate
),

-- However many experiments and selection sets share a galaxy, it is drawn once.
hosts as (
    select distinct
        brickid,
        objid,
        grid,
        config_index,
        {{ 'false' if is_paired else 'is_control_host' }} as is_control
    from sampled_galaxies
),

-- A galaxy with one config in one tier may take all of the grid's configs in another.
configs_of_hosts as (
    select distinct
        hosts.brickid,
        hosts.objid,
        injection_configs.config_id,
        hosts.is_control
    from hosts
    inner join injection_configs
        on
            hosts.grid = injection_configs.grid
            and coalesce(hosts.config_index = injection_configs.config_index, true)
),

host_configs as (
    select
        configs_of_hosts.*,
        replicates.replicate
    from configs_of_hosts
    cross join replicates
    {%- if is_paired %}
    union all
    -- A control's pixels are the galaxy's own, so one control a host is enough.
    select distinct
        brickid,
        objid,
        'CONTROL' as config_id,
        true as is_control,
        0 as replicate
    from sampled_galaxies
    where is_control_host
    {%- endif %}
)

select * from host_configs
