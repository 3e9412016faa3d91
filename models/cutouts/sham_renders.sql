{{ config(materialized="view") }}
with

sham_hosts as (
    select * from {{ ref('sham_hosts') }}
),

training_sample as (
    select * from {{ ref('training_sample') }}
),

cutout_quality as (
    select galaxy_id from {{ ref('cutout_quality') }}
    where quality_ok
),

coadd_bricks as (
    select brickname from {{ ref('coadd_bricks') }}
    where is_cached
),

usable_hosts as (
    select sham_hosts.galaxy_id
    from sham_hosts
    semi join cutout_quality on sham_hosts.galaxy_id = cutout_quality.galaxy_id
    semi join coadd_bricks on sham_hosts.brickname = coadd_bricks.brickname
    qualify row_number() over (order by sham_hosts.host_rank) <= {{ var('sham_objects') }}
),

-- A whole lens system but for its light: every step of an injection is done, and adds nothing.
sham_renders as (
    select
        training_sample.galaxy_id as render_id,
        training_sample.galaxy_id,
        training_sample.brickname,
        '{{ var("bands") | join("") }}' as bandset,
        [{
            'experiment_id': 'sham',
            'stamp_size': {{ var('cutout_size_pix') }}::integer
        }] as experiments,
        training_sample.ra,
        training_sample.dec,
        false as is_control,
        1.2e0 as theta_e_arcsec,
        0.2e0 as lens_e,
        0.5e0 as lens_phi_rad,
        0.03e0 as shear,
        1e0 as shear_phi_rad,
        0.2e0 as src_x_arcsec,
        0.1e0 as src_y_arcsec,
        'observed' as src_mag_frame,
        {{ var('sham_source_mag') }}::double as src_r_mag,
        0.2e0 as src_gr,
        0.1e0 as src_rz,
        0.2e0 as src_reff_arcsec,
        0.3e0 as src_e,
        0.7e0 as src_phi_rad,
        1e0 as src_n,
        {%- for band in var('bands') %}
        training_sample.psfsize_{{ band }}::double as psfsize_{{ band }},
        {%- endfor %}
        training_sample.ebv::double as ebv
    from training_sample
    semi join usable_hosts on training_sample.galaxy_id = usable_hosts.galaxy_id
)

select * from sham_renders
