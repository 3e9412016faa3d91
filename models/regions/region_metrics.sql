{%- set summarised = [
    'psfsize_r', 'psfdepth_r', 'ebv', 'brick_degree', 'gal_density', 'lrg_frac_v3',
    'nexp_g', 'nexp_r', 'nexp_z',
] -%}
with

bricks_with_region as (
    select * from {{ ref('bricks_with_region') }}
),

split_cells as (
    select * from {{ ref('split_cells') }}
),

region_summaries as (
    select
        region_id,
        min(cell) as cell,
        count(*) as n_bricks,
        sum(area_deg2) as area_deg2,
        sum(n_gal)::bigint as n_gal_total,
        sum(gal_density * area_deg2) as gal_density_area_sum,
        sum(columns('n_lrg_.*'))::bigint as "\0_total",
        {%- for name in summarised %}
        avg({{ name }}) as {{ name }}_mean,
        coalesce(stddev_samp({{ name }}), 0) as {{ name }}_std,
        quantile_cont({{ name }}, 0.1) as {{ name }}_p10,
        quantile_cont({{ name }}, 0.5) as {{ name }}_p50,
        quantile_cont({{ name }}, 0.9) as {{ name }}_p90,
        {%- endfor %}
        min(ra) as ra_min,
        max(ra) as ra_max,
        -- The same with the sky cut at RA 180, for regions that lie across RA 0.
        min(case when ra > 180 then ra - 360 else ra end) as ra_min_wrapped,
        max(case when ra > 180 then ra - 360 else ra end) as ra_max_wrapped,
        min(dec) as dec_min,
        max(dec) as dec_max
    from bricks_with_region
    group by region_id
),

region_shapes as (
    select
        region_summaries.*,
        columns('n_lrg_(.*)_total') / area_deg2 as "lrg_density_\1_areaweighted",
        area_deg2 / nullif(
            least(ra_max - ra_min, ra_max_wrapped - ra_min_wrapped)
            * (dec_max - dec_min)
            * cos(radians((dec_min + dec_max) / 2e0)),
            0
        ) as compactness,
        {%- if var('regions_cut_by_cell') %}
        split_cells.split_u
        {%- else %}
        {{ keyed_u1("'region/' || region_summaries.region_id", 'split') }} as split_u
        {%- endif %}
    from region_summaries
    inner join split_cells on region_summaries.cell = split_cells.cell
),

-- Weights fall with seeing, rise with depth and fall with dust: logistic and exponential scales in
-- the units of their axes (arcsec, mag, mag).
region_weights as (
    select
        *,
        {{ split_of_draw('split_u') }} as region_split,
        greatest(0e0, least(1e0, exp(-(psfsize_r_p50 - 1.25e0) / 0.25e0))) as w_psf,
        1e0 / (1e0 + exp(-(psfdepth_r_p50 - 23.8e0) / 0.25e0)) as w_depth,
        greatest(0e0, least(1e0, exp(-4e0 * ebv_p50))) as w_ebv
    from region_shapes
),

region_metrics as (
    select
        * exclude (ra_min_wrapped, ra_max_wrapped),
        lrg_density_v3_areaweighted as score_density,
        n_lrg_v3_total::double as score_n_lrg,
        lrg_density_v3_areaweighted * sqrt(area_deg2) as score_area_weighted,
        lrg_density_v3_areaweighted * w_psf * w_depth * w_ebv as score_psf_weighted
    from region_weights
)

select * from region_metrics
order by region_id
