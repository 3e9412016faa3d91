-- Two rules, judged as they are stated; cells of the whole, of splits, of selection sets, and of two
-- bins of resolution.
create table recoveries as
with judged as (
    select
        *,
        theta_e_arcsec / psf_fwhm_used_r as theta_over_psf,
        unnest(['original', 'matched_snr']) as rule
    from injections
)
select
    task_id,
    rule,
    experiment_id,
    'detectability' as rule_kind,
    is_control,
    metrics_ok and not is_control as is_usable,
    is_usable and bad_pixel_frac < 0.01 as is_usable_clean,
    is_usable and case rule
        when 'original' then arc_snr >= 5 and theta_over_psf >= 0.8
        else arc_snr_matched >= 20
    end as is_detected,
    is_detected and is_usable_clean as is_detected_clean,
    case
        when is_detected then null
        when not metrics_ok then '{a_reason_code}'
        when is_control then 'control_has_no_arc'
        else 'below_threshold'
    end as reason_code
from judged;

-- The rules of the recoveries, and a blind one that 10 of 100 galaxies without an arc pass.
create table recovery_thresholds as
with rules as (
    from (values
        ('original', 1, 'detectability', 'arc_snr', 5e0, null),
        ('matched_snr', 2, 'detectability', 'arc_snr_matched', 20e0, null),
        ('blind', 3, 'blind', 'blind_snr', 3e0, 0.1e0),
        ('blind_strict', 4, 'blind', 'blind_snr', null, 0.001e0)
    ) as rules(rule, rule_number, rule_kind, statistic, threshold, false_positive_rate)
)
select
    experiments.experiment_id,
    experiments.experiment_number,
    rules.*,
    60 as n_controls,
    40 as n_negatives,
    round(5 / false_positive_rate)::bigint as n_without_arc_needed,
    if(rule = 'blind', 10, null) as n_false_positives,
    if(rule = 'blind', 7, null) as n_false_positives_of_controls,
    if(rule = 'blind', 3, null) as n_false_positives_of_negatives,
    n_false_positives / 100 as false_positive_rate_measured,
    if(rule = 'blind', 0.055, null) as false_positive_rate_wilson_low,
    if(rule = 'blind', 0.174, null) as false_positive_rate_wilson_high,
    if(threshold is null, 'too_few_without_arc', null) as reason_code
from rules cross join (
    select experiment_id, (row_number() over (order by experiment_id) - 1)::smallint as experiment_number
    from injections group by experiment_id
) as experiments;

create table completeness_cells as
with attempts as (
    select recoveries.*, injections.* exclude (task_id, experiment_id, is_control, reason_code),
        theta_e_arcsec / psf_fwhm_used_r >= 0.8 as is_resolved
    from recoveries inner join injections using (task_id)
    where not recoveries.is_control
),
placed as (
    select *, 'overall' as cube, '' as cell from attempts
    union all
    select *, 'by_region_split', region_split from attempts
    union all
    select *, 'selection', selection_set_id from attempts
    union all
    select *, 'original', selection_set_id || ',' || is_resolved from attempts
),
counts as (
    select
        cube,
        experiment_id,
        cell,
        rule,
        'detectability' as rule_kind,
        if(cube = 'by_region_split', any_value(region_split), null) as region_split,
        if(cube in ('selection', 'original'), any_value(selection_set_id), null)
            as selection_set_id,
        case when cube = 'original' then if(bool_or(is_resolved), 99e0, 0.8e0) end
            as resolution_bin_high,
        quality,
        count(*) as n_attempt,
        count(*) filter (where is_counted) as n_valid,
        count(*) filter (where is_counted and is_detected) as n_recovered,
        count(distinct (brickid, objid)) filter (where is_counted) as n_hosts
    from (
        select *, quality = 'all' and is_usable or quality = 'clean' and is_usable_clean as is_counted
        from placed cross join (select unnest(['all', 'clean']) as quality)
    )
    group by cube, experiment_id, cell, rule, quality
    union all by name
    select
        'by_region_split' as cube, experiment_id, 'nowhere' as cell, rule, 'detectability' as rule_kind,
        'nowhere' as region_split, unnest(['all', 'clean']) as quality,
        0 as n_attempt, 0 as n_valid, 0 as n_recovered, 0 as n_hosts
    from (select distinct experiment_id, rule from attempts)
)
select
    *,
    n_recovered / nullif(n_valid, 0) as completeness_valid,
    if(n_valid > 0, 2e0, null) as design_effect,
    n_valid / 2e0 as n_effective,
    completeness_valid * 0.9 as wilson_low,
    least(1, completeness_valid * 1.1) as wilson_high,
    coalesce(wilson_low, 0) as jeffreys_low,
    coalesce(wilson_high, 1) as jeffreys_high
from counts;

create table completeness_by_region as
select
    experiment_id,
    rule,
    null::varchar as region_split,
    selection_set_id,
    'n_lrg' as ranking_mode,
    null::double as theta_e_arcsec,
    1e0 as src_dmag,
    0.1e0 as src_reff_arcsec,
    13 as psf_bin,
    98 as depth_bin,
    if(resolution_bin_high < 1, '<0.8', '>=0.8') as resolution_bin,
    3 as n_regions,
    quality,
    n_attempt as n_attempt_total,
    n_valid as n_valid_total,
    n_recovered as n_recovered_total,
    completeness_valid as completeness_valid_pooled,
    wilson_low as ci_low_pooled,
    wilson_high as ci_high_pooled
from completeness_cells
where cube = 'original';

create table completeness_surfaces as
select
    experiment_id,
    null::varchar as region_split,
    1 as region_id,
    selection_set_id,
    'n_lrg' as ranking_mode,
    null::double as theta_e_arcsec,
    1e0 as src_dmag,
    0.1e0 as src_reff_arcsec,
    13 as psf_bin,
    98 as depth_bin,
    if(usable.resolution_bin_high < 1, '0.6-0.8', '>=1.0') as resolution_bin,
    usable.n_attempt,
    usable.n_valid as n_valid_all,
    clean.n_valid as n_valid_clean,
    usable.n_recovered as n_recovered_all,
    clean.n_recovered as n_recovered_clean,
    n_recovered_all as n_recovered_snr_only,
    n_recovered_all as n_recovered_res_only,
    usable.completeness_valid as completeness_valid_all,
    clean.completeness_valid as completeness_valid_clean,
    usable.wilson_low as ci_low_valid_all,
    usable.wilson_high as ci_high_valid_all,
    clean.wilson_low as ci_low_valid_clean,
    clean.wilson_high as ci_high_valid_clean
from (from completeness_cells where quality = 'all') as usable
inner join (
    select experiment_id, cell, * exclude (experiment_id, cell, selection_set_id, resolution_bin_high)
    from completeness_cells where cube = 'original' and rule = 'original' and quality = 'clean'
) as clean using (experiment_id, cell)
where usable.cube = 'original' and usable.rule = 'original';

create table completeness_marginals as
select
    'region_split' as axis,
    null::double as low,
    null::double as high,
    region_split as value,
    * exclude (cube, region_split, selection_set_id, resolution_bin_high)
from completeness_cells
where cube = 'by_region_split'
union all
select
    'theta_e_arcsec', 0, 99, null,
    * exclude (cube, region_split, selection_set_id, resolution_bin_high)
from completeness_cells
where cube = 'overall';

create table psf_provenance as
select
    experiment_id,
    band,
    psf_source_r as psf_source,
    count(*) as n_tasks,
    count(*) filter (where is_control) as n_controls,
    min(psf_fwhm_used_r) as psf_fwhm_min_arcsec,
    max(psf_fwhm_used_r) as psf_fwhm_max_arcsec
from injections cross join unnest(['g', 'r', 'z']) as bands(band)
group by all;

create table completeness_edges as
select * from (
    values
        ('psf_fwhm_arcsec', 0, 1.3e0), ('psf_fwhm_arcsec', 1, 1.4e0),
        ('psfdepth_r_mag', 0, 24.5e0), ('psfdepth_r_mag', 1, 24.75e0)
) as edges (axis, edge_number, edge);

-- All bricks are alike, and in one bin.
create table completeness_footprint as
select
    1.3e0 as psf_fwhm_arcsec_low,
    1.4e0 as psf_fwhm_arcsec_high,
    24.5e0 as psfdepth_r_mag_low,
    24.75e0 as psfdepth_r_mag_high,
    count(*) as n_bricks,
    (select count(*) from parent_galaxies) as n_parents,
    sum(area_deg2) as area_deg2
from bricks_with_region;

-- The first lens lies on a galaxy, the second one far from any.
create table known_lens_parents as
select
    known_lens_id,
    ['0102p002', '1002p005'][known_lens_id] as brickname,
    'confident' as grading,
    if(known_lens_id = 1, 0e0, null) as separation_arcsec,
    known_lens_id = 1 as is_parent
from stg_known_lenses;
