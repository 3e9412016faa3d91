{%- set limits = [
    'dec_min_deg', 'dec_max_north_cap_deg', 'dec_max_south_cap_deg', 'is_positive_flux_required',
    'z_mag_max', 'n_exposures_min', 'exclusion_radius_arcsec', 'is_cut_on_positives',
    'ebv_max_mag', 'abs_galactic_latitude_min_deg', 'psfsize_r_max_arcsec', 'psfdepth_r_min_mag',
    'dchisq_extended_min', 'fracflux_r_max',
] -%}
with

pool_limits as (
    select * from {{ ref('pool_limits') }}
    where rule_set = '{{ pool_rule_set() }}'
),

pool_mask_bits as (
    select * from {{ ref('pool_mask_bits') }}
    where rule_set = '{{ pool_rule_set() }}'
),

pool_types as (
    select * from {{ ref('pool_types') }}
    where rule_set = '{{ pool_rule_set() }}'
),

limits_side_by_side as (
    select
        {%- for limit in limits %}
        max(limit_value) filter (where limit_name = '{{ limit }}') as {{ limit }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from pool_limits
),

mask_value as (
    select coalesce({{ mask_of_bits('mask_bit') }}, 0) as mask_value
    from pool_mask_bits
),

type_lists as (
    select
        list(type order by type) as types,
        list(type order by type) filter (where is_n1) as n1_types
    from pool_types
),

pool_rules as (
    select
        '{{ pool_rule_set() }}' as rule_set,
        '{{ confuser_rule_set() }}' as confuser_rule_set,
        limits_side_by_side.* replace (n_exposures_min::smallint as n_exposures_min),
        pow(10e0, 0.4e0 * ({{ var('ab_zp_nmgy') }} - limits_side_by_side.z_mag_max))
            as flux_z_min_nmgy,
        -- The sweeps give depths as inverse variances: 5-sigma flux = 5 / sqrt(depth).
        25e0 * pow(10e0, 0.8e0 * (limits_side_by_side.psfdepth_r_min_mag - {{ var('ab_zp_nmgy') }}))
            as psfdepth_r_min_ivar,
        mask_value.mask_value,
        type_lists.types,
        type_lists.n1_types
    from limits_side_by_side
    cross join mask_value
    cross join type_lists
)

select * from pool_rules
