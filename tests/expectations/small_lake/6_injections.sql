-- Every task on a cached brick succeeds but those on the brick without psfsize maps, which has no mask.
-- Those whose magnification is checked have the true one, the others the mean of the drawing law.
create temporary table magnified as
with checked as (
    select distinct render_id, md5(render_id) as place from runnable_tasks
    where not is_control and brickname <> '1002p005' order by place limit 5
)
select
    render_id,
    raytraced_magnification([
        theta_e_arcsec, lens_e, lens_phi_rad, shear, shear_phi_rad, src_x_arcsec, src_y_arcsec,
        src_reff_arcsec, src_e, src_phi_rad, src_n
    ]::double[]) as magnification
from (select distinct on (render_id) * from runnable_tasks semi join checked using (render_id));

create table injections as
with seen as (
    select
        runnable_tasks.*,
        true as cutout_ok,
        brickname <> '1002p005' as has_maskbits,
        has_maskbits as metrics_ok,
        if(metrics_ok, null, '{a_reason_code}') as reason_code,
        if(is_control, null, coalesce(magnified.magnification, 5e0)) as magnification,
        if(is_control, null, 1.0004e0) as flux_closure,
        if(is_control, null, 0.98e0) as stamp_flux_frac,
        if(src_mag_frame = 'intrinsic', ebv, 0) as reddening
    from runnable_tasks left join magnified using (render_id)
),
fluxes as (
    select
        *,
        pow(10, -0.4e0 * (src_r_mag + src_gr + 3.214 * reddening - 22.5)) * magnification
            * stamp_flux_frac as total_injected_flux_g_nmgy,
        pow(10, -0.4e0 * (src_r_mag + 2.165 * reddening - 22.5)) * magnification
            * stamp_flux_frac as total_injected_flux_r_nmgy,
        pow(10, -0.4e0 * (src_r_mag - src_rz + 1.211 * reddening - 22.5)) * magnification
            * stamp_flux_frac as total_injected_flux_z_nmgy
    from seen
)
select
    *,
    10 * total_injected_flux_r_nmgy as arc_snr,
    20 * total_injected_flux_g_nmgy as arc_snr_matched_g,
    20 * total_injected_flux_r_nmgy as arc_snr_matched_r,
    20 * total_injected_flux_z_nmgy as arc_snr_matched_z,
    sqrt(pow(arc_snr_matched_g, 2) + pow(arc_snr_matched_r, 2) + pow(arc_snr_matched_z, 2))
        as arc_snr_matched,
    if(has_maskbits, 0.01e0 * (objid % 3), null) as bad_pixel_frac,
    if(has_maskbits, 0.02e0, null) as wise_brightmask_frac,
    1000 + uniform(brickid || '/' || objid, 'x') as x_pix,
    2000 + uniform(brickid || '/' || objid, 'y') as y_pix,
    1000 - stamp_size // 2 + 1 as stamp_x0_pix,
    2000 - stamp_size // 2 + 1 as stamp_y0_pix,
    1.31e0 as psf_fwhm_used_g,
    1.3e0 as psf_fwhm_used_r,
    1.29e0 as psf_fwhm_used_z,
    if(brickname = '1002p005', 'manifest', 'map') as psf_source_g,
    psf_source_g as psf_source_r,
    psf_source_g as psf_source_z,
    9000e0 as gain_used_r_e_per_nmgy,
    if(is_control, null, false) as flux_error_flag,
    false as metrics_only,
    'part ' || brickname as part_id
from fluxes;

-- Made from the tasks here, where in the pipeline it is the other way round.
create table injection_metrics as
select distinct on (render_id, bandset, stamp_size)
    render_id,
    bandset,
    stamp_size,
    cutout_ok,
    has_maskbits,
    metrics_ok,
    reason_code,
    magnification,
    flux_closure,
    stamp_flux_frac,
    total_injected_flux_g_nmgy,
    total_injected_flux_r_nmgy,
    total_injected_flux_z_nmgy,
    arc_snr,
    arc_snr_matched,
    arc_snr_matched_g,
    arc_snr_matched_r,
    arc_snr_matched_z,
    bad_pixel_frac,
    wise_brightmask_frac,
    x_pix,
    y_pix,
    stamp_x0_pix,
    stamp_y0_pix,
    psf_fwhm_used_g,
    psf_fwhm_used_r,
    psf_fwhm_used_z,
    psf_source_g,
    psf_source_r,
    psf_source_z,
    gain_used_r_e_per_nmgy,
    flux_error_flag,
    part_id
from injections;

-- A host of 0.1 nMgy per pixel, the arc spread evenly over the centre that both sizes share.
create table stamps as
with planes as (
    select
        task_id,
        stamp_size,
        list_transform(
            range(stamp_size * stamp_size),
            lambda i: abs(i // stamp_size - (stamp_size - 1) / 2) < 32
                and abs(i % stamp_size - (stamp_size - 1) / 2) < 32
        ) as is_central,
        coalesce(total_injected_flux_r_nmgy, 0) / 4096 as arc
    from injections
    where region_split = 'train' and tier = 'train'
)
select
    injections.task_id,
    experiment_id,
    render_id,
    region_split,
    is_control,
    injections.stamp_size,
    bandset,
    flatten([plane, plane, plane])::float[] as pixels
from injections
inner join (
    select task_id, list_transform(is_central, lambda inside: 0.1e0 + if(inside, arc, 0)) as plane
    from planes
) as planes using (task_id);

-- Pixels of one tier in one region are enough: elsewhere no stamp was asked for.
update injections set metrics_only = true where region_split <> 'train' or tier <> 'train';

create table render_stamps as
select distinct on (experiment_id, render_id, stamp_size, bandset)
    experiment_id, render_id, stamp_size, bandset, part_id, pixels
from stamps inner join (select task_id, part_id from injections) using (task_id);

-- All gates are open but the last tier's; what is counted in injections is what they count.
create table injection_gates as
with counted as (
    select
        tier,
        count(*) as n_tasks,
        avg(cutout_ok::integer) as task_success,
        avg(metrics_ok::integer) as metrics_success,
        min(magnification) as lowest_magnification,
        max(abs(x_pix - stamp_x0_pix - (stamp_size - 1) / 2)) as offset_x,
        max(abs(y_pix - stamp_y0_pix - (stamp_size - 1) / 2)) as offset_y
    from injections group by tier
)
select
    counted.tier,
    if(counted.tier = 'grid', 'train', null) as next_tier,
    limits.gate,
    case gate
        when 'task_success' then task_success
        when 'metrics_success' then metrics_success
        when 'unexplained_failures' then 0
        when 'control_arcs' then 0
        when 'lowest_magnification' then lowest_magnification
        when 'worst_flux_closure' then 1.0004e0 - 1
        when 'registration_pix' then greatest(offset_x, offset_y)
        when 'mask_known' then if(tier = 'grid', 1, 0.5)
        else 1
    end as value,
    gate <> 'mask_known' or tier = 'grid' as is_go,
    limits.limit_low,
    limits.limit_high,
    counted.n_tasks,
    limits.meaning
from counted cross join read_csv('{seeds}/injections/gate_limits.csv') as limits;

create table injection_forecast as
select
    tier,
    if(tier = 'train', true, null) as is_go,
    count(*) as n_tasks,
    count(distinct render_id) as n_renders,
    count(distinct (render_id, experiment_id)) as n_stamps,
    0.001e0 * n_renders as seconds_here,
    0.002e0 * n_renders as core_seconds,
    1e5 * n_stamps as stamp_bytes
from injection_tasks group by tier;
