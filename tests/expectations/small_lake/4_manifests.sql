-- Two tiers in two stamp sizes: a grid that every host takes whole, and a prior with one draw each.
create macro uniform(key, stream) as
    ('0x' || left(md5(key || '|' || stream), 13))::bigint / 4503599627370496e0;

create table injection_configs as
with axes as (
    select grid, axis, list(value order by value) as points
    from read_csv('{seeds}/manifests/grid_axes.csv')
    group by all
),
grids as (
    select
        grid,
        any_value(points) filter (where axis = 'theta_e_arcsec') as theta_e,
        any_value(points) filter (where axis = 'src_dmag') as dmag,
        any_value(points) filter (where axis = 'src_reff_arcsec') as reff,
        any_value(points) filter (where axis = 'src_e') as e,
        any_value(points) filter (where axis = 'shear') as shear_points
    from axes
    group by grid
),
points as (
    select grid, false as is_prior, t.theta_e_arcsec, d.src_dmag, r.src_reff_arcsec, s.src_e, g.shear
    from grids, unnest(theta_e) as t(theta_e_arcsec), unnest(dmag) as d(src_dmag),
        unnest(reff) as r(src_reff_arcsec), unnest(e) as s(src_e), unnest(shear_points) as g(shear)
    union all
    select distinct prior, true, null, null, null, null, null
    from read_csv('{seeds}/manifests/priors.csv')
)
select
    row_number() over (
        partition by grid order by theta_e_arcsec, src_dmag, src_reff_arcsec, src_e, shear
    )::integer as config_index,
    if(is_prior, grid, grid || '_' || config_index) as config_id,
    count(*) over (partition by grid)::integer as n_configs,
    *
from points;

create table experiments as
select
    tier || '_stamp' || stamp_size || '_bandsgrz_grid' || grid as experiment_id,
    tier,
    grid,
    sampling,
    is_prior,
    stamp_size,
    'grz' as bandset,
    13 as seed,
    n_galaxies,
    n_configs,
    n_configs_per_galaxy,
    2 as n_replicates,
    'paired' as control_pairing,
    control_frac,
    ['topk_n_lrg_k100'] as selection_set_ids,
    [1.1e0, 1.2e0, 1.3e0, 1.4e0, 1.5e0] as psf_edges,
    [24e0, 24.2e0, 24.4e0, 24.6e0, 24.8e0] as depth_edges,
    22.5e0 as ab_zp_nmgy,
    n_galaxies * 3 * n_configs_per_galaxy * 2 * (1 + control_frac) as n_tasks_nominal,
    1000000 as task_limit
from (
    values ('grid', 'grid_small', 'all_configs', false, 2, 48, 48, 1e0),
        ('train', 'recoverable', 'one_config', true, 6, 1, 1, 0.5e0)
) as tiers(tier, grid, sampling, is_prior, n_galaxies, n_configs, n_configs_per_galaxy, control_frac)
cross join (select unnest([64, 96]) as stamp_size);

create table host_candidates as
select
    brickid,
    objid,
    region_id,
    region_split,
    2 as psf_bin,
    2 as depth_bin,
    uniform(brickid || '/' || objid, 'bin') as bin_order_u,
    uniform(brickid || '/' || objid, 'trim') as trim_order_u
from parent_galaxies
where not is_near_known_lens;

create table sampled_galaxies as
select
    experiment_id,
    'topk_n_lrg_k100' as selection_set_id,
    brickid,
    objid,
    tier,
    grid,
    region_id,
    region_split,
    2 as psf_bin,
    2 as depth_bin,
    control_frac = 1 or objid % 2 = 0 as is_control_host,
    if(sampling = 'one_config', 1, null) as config_index,
    0.3e0 as inclusion_probability
from experiments cross join parent_galaxies
where not is_near_known_lens
qualify row_number() over (
    partition by experiment_id, region_split order by objid, brickid
) <= n_galaxies;

create table bin_quotas as
with bins as (
    select
        experiment_id,
        'topk_n_lrg_k100' as selection_set_id,
        region_split,
        psf_bin,
        depth_bin,
        n_galaxies
    from experiments
    cross join (select unnest(['train', 'val', 'test']) as region_split)
    cross join (select unnest(range(4)) as psf_bin)
    cross join (select unnest(range(4)) as depth_bin)
)
select
    bins.*,
    coalesce(n_candidates, 0) as n_candidates,
    n_galaxies as n_quota,
    coalesce(n_hosts, 0) as n_hosts
from bins
left join (
    select selection_set_id, region_split, psf_bin, depth_bin, count(*) as n_candidates
    from host_candidates
    inner join (select selection_set_id, region_id from region_selections) using (region_id)
    group by all
) using (selection_set_id, region_split, psf_bin, depth_bin)
left join (
    select experiment_id, selection_set_id, region_split, psf_bin, depth_bin, count(*) as n_hosts
    from sampled_galaxies group by all
) using (experiment_id, selection_set_id, region_split, psf_bin, depth_bin);

create table injection_tasks as
with systems as (
    select
        sampled_galaxies.* exclude (config_index, grid),
        experiments.* exclude (experiment_id, tier, psf_edges, depth_edges),
        false as is_control,
        configs.* exclude (grid, is_prior, n_configs, config_index),
        r.replicate
    from sampled_galaxies
    inner join experiments using (experiment_id)
    inner join injection_configs as configs on sampled_galaxies.grid = configs.grid
    cross join (select unnest([0, 1]) as replicate) as r
    union all by name
    select
        sampled_galaxies.* exclude (config_index, grid),
        experiments.* exclude (experiment_id, tier, psf_edges, depth_edges),
        true as is_control,
        'CONTROL' as config_id,
        0 as replicate
    from sampled_galaxies
    inner join experiments using (experiment_id)
    where is_control_host
),
keyed as (
    select *, concat_ws('/', brickid, objid, config_id, replicate) as render_id
    from systems inner join (
        select brickid, objid, brickname, ra, dec, rmag, zmag, w1mag from parent_galaxies
    ) as galaxies using (brickid, objid)
),
drawn as (
    select
        * replace (
            if(is_prior, 0.5 + 2.5 * uniform(render_id, 'theta'), theta_e_arcsec) as theta_e_arcsec,
            if(is_prior, 0.1 + 0.4 * uniform(render_id, 'reff'), src_reff_arcsec) as src_reff_arcsec,
            if(is_prior, 0.3, src_e) as src_e,
            if(is_prior, 0.05, shear) as shear
        ),
        if(is_prior, 22.5 + 3.5 * uniform(render_id, 'mag'), rmag + src_dmag) as src_r_mag,
        if(is_prior, 'intrinsic', 'observed') as src_mag_frame
    from keyed
),
placed as (
    select
        *,
        0.8e0 * theta_e_arcsec * sqrt(uniform(render_id, 'radius')) as radius,
        2 * pi() * uniform(render_id, 'angle') as angle
    from drawn
)
select
    md5(experiment_id || '/' || render_id) as task_id,
    * exclude (
        radius, angle, theta_e_arcsec, src_reff_arcsec, src_e, shear, src_r_mag, src_dmag,
        is_control_host, is_prior, n_galaxies, n_configs, n_configs_per_galaxy, n_replicates, seed,
        sampling, control_pairing, control_frac, selection_set_ids, inclusion_probability,
        n_tasks_nominal, task_limit
    ),
    if(is_control, 'CONTROL', 'SIE') as lens_model,
    if(is_control, 0, theta_e_arcsec) as theta_e_arcsec,
    if(is_control, 0, 0.05 + 0.45 * uniform(render_id, 'lens_e')) as lens_e,
    if(is_control, 0, pi() * uniform(render_id, 'lens_phi')) as lens_phi_rad,
    if(is_control, 0, shear) as shear,
    if(is_control, 0, pi() * uniform(render_id, 'shear_phi')) as shear_phi_rad,
    if(is_control, 0, radius * cos(angle)) as src_x_arcsec,
    if(is_control, 0, radius * sin(angle)) as src_y_arcsec,
    if(is_control, 0, src_r_mag - rmag) as src_dmag,
    if(is_control, 0, src_r_mag) as src_r_mag,
    if(is_control, 0, 0.2e0) as src_gr,
    if(is_control, 0, 0.1e0) as src_rz,
    if(is_control, 0, src_reff_arcsec) as src_reff_arcsec,
    if(is_control, 0, src_e) as src_e,
    if(is_control, 0, 2 * pi() * uniform(render_id, 'src_phi')) as src_phi_rad,
    case when is_control then 0 when is_prior then 3e0 else 1e0 end as src_n,
    1.31e0 as psfsize_g,
    1.3e0 as psfsize_r,
    1.29e0 as psfsize_z,
    24.5e0 as psfdepth_r,
    0.05e0 as ebv,
    0.8e0 as beta_max_over_theta_e,
    if(is_control, null, 0.1e0) as proposal_density_system,
    if(is_control, null, 0.1e0) as proposal_density_nuisance
from placed;

-- Made from the tasks here, where in the pipeline it is the other way round.
create table systems as
select distinct on (brickid, objid, config_id, replicate, is_control)
    brickid, objid, config_id, replicate, is_control, render_id, if(is_control, null, grid) as grid,
    brickname, ra, dec, lens_model,
    theta_e_arcsec, lens_e, lens_phi_rad, shear, shear_phi_rad, src_x_arcsec, src_y_arcsec, src_dmag,
    src_mag_frame, src_r_mag, src_gr, src_rz, src_reff_arcsec, src_e, src_phi_rad, src_n,
    psfsize_g, psfsize_r, psfsize_z, ebv, ('0x' || left(md5(render_id), 15))::bigint as task_seed64,
    beta_max_over_theta_e, proposal_density_system, proposal_density_nuisance
from injection_tasks;

create table host_configs as
select brickid, objid, config_id, replicate, is_control from systems;

create table experiment_mixture as
select
    experiment_id,
    any_value(tier) as tier,
    any_value(stamp_size) as stamp_size,
    any_value(bandset) as bandset,
    count(*) as n_tasks,
    count_if(is_control) as n_controls,
    count_if(not is_control) as n_injections,
    count(distinct (brickid, objid)) as n_hosts,
    n_injections / sum(n_injections) over (partition by any_value(stamp_size)) as mixture_weight
from injection_tasks
group by experiment_id;

create table task_bricks as
select experiment_id, brickname, count(*) as n_tasks, count(distinct objid) as n_hosts
from injection_tasks
group by all;
