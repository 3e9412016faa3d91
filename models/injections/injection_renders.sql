{{ config(materialized='view') }}
{#- Truth of a render: whatever changes its pixels. -#}
{%- set truth = [
    'ra', 'dec', 'is_control', 'theta_e_arcsec', 'lens_e', 'lens_phi_rad', 'shear', 'shear_phi_rad',
    'src_x_arcsec', 'src_y_arcsec', 'src_mag_frame', 'src_r_mag', 'src_gr', 'src_rz',
    'src_reff_arcsec', 'src_e', 'src_phi_rad', 'src_n', 'ebv', 'psfsize_g', 'psfsize_r', 'psfsize_z',
] -%}
with

systems as (
    select
        render_id,
        brickname,
        {{ truth | join(',\n        ') }}
    from {{ ref('systems') }}
),

-- Which stamps the tasks ask for: nothing else of a task changes its render.
wanted_stamps as (
    select
        brickname,
        bandset,
        render_id,
        list_sort(list(distinct {
            'experiment_id': experiment_id,
            'stamp_size': stamp_size::integer
        })) as experiments,
        count(*) as n_tasks
    from {{ ref('runnable_tasks') }}
    group by brickname, bandset, render_id
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

-- A control that stands in for many configs is one render of them all.
renders as (
    select * from systems
    where not is_control
    union all
    select distinct * from systems
    where is_control
),

injection_renders as (
    select
        wanted_stamps.brickname,
        wanted_stamps.bandset,
        wanted_stamps.render_id,
        renders.* exclude (render_id, brickname),
        wanted_stamps.experiments,
        wanted_stamps.n_tasks,
        bricks.* exclude (brickname),
        files_by_brick.brick_files_sha256
    from wanted_stamps
    inner join renders
        on
            wanted_stamps.render_id = renders.render_id
            and wanted_stamps.brickname = renders.brickname
    left join files_by_brick on wanted_stamps.brickname = files_by_brick.brickname
    left join bricks on wanted_stamps.brickname = bricks.brickname
)

select * from injection_renders
