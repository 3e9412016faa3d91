{#- Truth of a render: whatever changes its pixels. It must be the same in all tasks that share it. -#}
{%- set truth = [
    'ra', 'dec', 'is_control', 'theta_e_arcsec', 'lens_e', 'lens_phi_rad', 'shear', 'shear_phi_rad',
    'src_x_arcsec', 'src_y_arcsec', 'src_mag_frame', 'src_r_mag', 'src_gr', 'src_rz',
    'src_reff_arcsec', 'src_e', 'src_phi_rad', 'src_n', 'ebv', 'psfsize_g', 'psfsize_r', 'psfsize_z',
] -%}
with

runnable_tasks as (
    select * from {{ ref('runnable_tasks') }}
),

bricks as (
    select
        brickname,
        {%- for band in var('bands') %}
        nexp_{{ band }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_bricks') }}
),

files_by_brick as (
    select
        brickname,
        sha256(string_agg(
            file_name || ' ' || coalesce(sha256, source || ' ' || source_version), chr(10)
            order by file_name
        )) as brick_files_sha256
    from {{ ref('coadd_files') }}
    where is_ok
    group by brickname
),

distinct_renders as (
    select
        brickname,
        bandset,
        render_id,
        {%- for column in truth %}
        {{ column }},
        {%- endfor %}
        list_sort(list(distinct {
            'experiment_id': experiment_id,
            'stamp_size': stamp_size::integer
        })) as experiments,
        count(*) as n_tasks
    from runnable_tasks
    group by
        brickname,
        bandset,
        render_id,
        {%- for column in truth %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
),

injection_renders as (
    select
        distinct_renders.*,
        bricks.* exclude (brickname),
        files_by_brick.brick_files_sha256
    from distinct_renders
    left join files_by_brick on distinct_renders.brickname = files_by_brick.brickname
    left join bricks on distinct_renders.brickname = bricks.brickname
)

select * from injection_renders
