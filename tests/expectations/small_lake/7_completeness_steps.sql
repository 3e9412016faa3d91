-- The whole and the splits, step by step: two axes have edges and one has values.
create table completeness_bins as
select
    axis,
    edge_number::integer as bin,
    edge as low,
    lead(edge) over (partition by axis order by edge_number) as high,
    null::varchar as value
from completeness_edges
qualify high is not null
union all by name
select 'region_split' as axis, unnest([0, 1, 2]) as bin, unnest(['test', 'train', 'val']) as value;

create table task_outcomes as
with judged as (
    select
        task_id,
        experiment_number,
        -- The blind rules judge nothing here.
        string_agg(if(is_detected, 'd', if(is_usable, 'm', '-')), '' order by rule_number) || '--' as outcome
    from recoveries inner join recovery_thresholds using (experiment_id, rule)
    group by all
)
select
    task_id,
    experiment_number,
    brickid::bigint * 10000000000 + objid as host_number,
    is_control,
    true as is_first_of_render,
    metrics_ok as is_clean,
    outcome,
    if(is_control, null, theta_e_arcsec / psf_fwhm_used_r) as theta_over_psf_seen,
    arc_snr as arc_snr_seen,
    (-1)::smallint as theta_e_arcsec,
    (-1)::smallint as theta_over_psf,
    (-1)::smallint as src_r_mag,
    (-1)::smallint as arc_snr_matched,
    0::smallint as psf_fwhm_arcsec,
    0::smallint as psfdepth_r_mag,
    (-1)::smallint as lens_z_mag,
    (-1)::smallint as resolution_bin,
    (-1)::smallint as region_id,
    (list_position(['test', 'train', 'val'], region_split) - 1)::smallint as region_split,
    (-1)::smallint as selection_set_id,
    (-1)::smallint as ranking_mode,
    (-1)::smallint as theta_e_grid_arcsec,
    (-1)::smallint as src_dmag,
    (-1)::smallint as src_reff_arcsec,
    (-1)::smallint as psf_bin,
    (-1)::smallint as depth_bin
from injections inner join judged using (task_id);

create temporary table placed_outcomes as
select 'overall' as cube, '' as cell, * from task_outcomes
union all
select 'by_region_split' as cube, region_split::varchar as cell, * from task_outcomes;

create table completeness_signal as
select
    cube,
    experiment_number,
    cell,
    count(*) as n_attempt,
    avg(arc_snr_seen) as arc_snr_mean,
    median(arc_snr_seen) as arc_snr_p50,
    avg(theta_over_psf_seen) as theta_over_psf_mean
from placed_outcomes
where not is_control
group by all;

create table completeness_patterns as
with hosts as (
    select
        cube, is_control, experiment_number, cell, host_number,
        list_sort(list(outcome || if(is_clean, '', '*'))) as outcomes
    from placed_outcomes group by all
)
select cube, is_control, experiment_number, cell, outcomes, count(*) as n_hosts from hosts group by all;

create table outcome_lists as
select
    outcomes,
    outcome_list,
    rule_number,
    quality,
    count(*) as n_valid,
    count_if(outcome[rule_number] = 'd') as n_recovered
from (
    select outcomes, outcome_list, unnest(outcomes) as outcome
    from (
        select outcomes, row_number() over (order by outcomes) as outcome_list
        from completeness_patterns group by outcomes
    )
)
cross join (select unnest([1, 2]) as rule_number)
cross join (select unnest(['all', 'clean']) as quality)
where outcome[rule_number] <> '-' and (quality = 'all' or not ends_with(outcome, '*'))
group by all;

-- One cell that nothing fell into.
create table completeness_grid as
select
    cube,
    null::varchar as only_rule_kind,
    experiment_number,
    cell,
    cube as control_cube,
    cell as control_cell,
    null::double as theta_e_arcsec_low,
    null::double as theta_e_arcsec_high,
    null::double as theta_over_psf_low,
    null::double as theta_over_psf_high,
    null::double as src_r_mag_low,
    null::double as src_r_mag_high,
    null::double as arc_snr_matched_low,
    null::double as arc_snr_matched_high,
    1.3e0 as psf_fwhm_arcsec_low,
    1.4e0 as psf_fwhm_arcsec_high,
    null::double as psfdepth_r_mag_low,
    null::double as psfdepth_r_mag_high,
    null::double as lens_z_mag_low,
    null::double as lens_z_mag_high,
    null::double as resolution_bin_low,
    null::double as resolution_bin_high,
    null::varchar as region_id,
    null::varchar as region_split,
    null::varchar as selection_set_id,
    null::varchar as ranking_mode,
    null::varchar as theta_e_grid_arcsec,
    null::varchar as src_dmag,
    null::varchar as src_reff_arcsec,
    null::varchar as psf_bin,
    null::varchar as depth_bin
from (
    select cube, experiment_number, cell from completeness_signal
    union all
    select 'by_region_split', 0, 'nowhere'
);

create table completeness_counts as
with hosts as (
    select
        cube, is_control, experiment_number, cell, rule_number, quality, host_number,
        count(*) as n_valid,
        count_if(outcome[rule_number] = 'd') as n_recovered
    from placed_outcomes
    cross join (select unnest([1, 2]) as rule_number)
    cross join (select unnest(['all', 'clean']) as quality)
    where outcome[rule_number] <> '-' and (quality = 'all' or is_clean)
    group by all
)
select
    cube, is_control, experiment_number, cell, rule_number, quality,
    sum(n_valid)::bigint as n_valid,
    sum(n_recovered)::bigint as n_recovered,
    count(*) as n_hosts,
    count_if(n_recovered > 0) as n_hosts_recovered,
    count_if(n_recovered < n_valid) as n_hosts_missed,
    sum(n_valid * n_valid)::double as sum_valid2,
    sum(n_recovered * n_recovered)::double as sum_recovered2,
    sum(n_valid * n_recovered)::double as sum_valid_recovered,
    list(hosts.n_valid) as kinds_n_valid,
    list(hosts.n_recovered) as kinds_n_recovered,
    list(1::bigint) as kinds_n_hosts
from hosts
group by all;

create table completeness_intervals as
select
    cube, is_control, experiment_number, cell, rule_number, quality, n_valid, n_recovered, n_hosts,
    n_recovered / n_valid as share,
    2e0 as design_effect,
    n_valid / 2e0 as n_effective,
    share * 0.9 as wilson_low,
    least(1, share * 1.1) as wilson_high,
    wilson_low as jeffreys_low,
    wilson_high as jeffreys_high,
    if(share > 0, wilson_low, null) as bootstrap_low,
    if(share > 0, wilson_high, null) as bootstrap_high
from completeness_counts;
