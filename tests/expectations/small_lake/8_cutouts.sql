-- Forty objects, lenses and negatives in turn; one has no cutout, one an empty band.
create table training_sample as
select
    'galaxy_' || i as galaxy_id,
    i % 2 = 0 as is_lens,
    ['train', 'val', 'test'][i % 3 + 1] as split
from range(200) as objects(i);

create table cutouts as
select
    *,
    galaxy_id <> 'galaxy_1' as has_cutout,
    if(has_cutout, null, '{a_reason_code}') as reason_code,
    'coadds' as cutout_origin,
    if(has_cutout, 'grz', null) as bands,
    if(has_cutout, 101, null) as size_pix,
    if(has_cutout, 3 * 101 * 101, null) as n_values,
    if(has_cutout, 0.262e0, null) as pixel_scale_arcsec,
    if(has_cutout, 150.3e0, null) as x_pix,
    if(has_cutout, 249.7e0, null) as y_pix,
    if(has_cutout, 100, null) as x0_pix,
    if(has_cutout, 200, null) as y0_pix
from training_sample;

create table cutout_pixels as select galaxy_id from cutouts where has_cutout;

create table cutout_measurements as
with missing as (
    select galaxy_id, true as is_right_size, 10 as n_missing, if(galaxy_id = 'galaxy_2', 1e0, 0e0) as zero_frac_z
    from cutout_pixels
)
select
    galaxy_id,
    is_right_size,
    n_missing / 10201 * (1 - zero_frac_z) as nan_frac_z,
    n_missing / 2500 * (1 - zero_frac_z) as central_nan_frac_z,
    0e0 as core_nan_frac_z,
    zero_frac_z,
    zero_frac_z as central_zero_frac_z,
    zero_frac_z as core_zero_frac_z,
    n_missing / 10201 as nan_frac_g,
    n_missing / 2500 as central_nan_frac_g,
    0e0 as core_nan_frac_g,
    0e0 as zero_frac_g,
    0e0 as central_zero_frac_g,
    0e0 as core_zero_frac_g,
    nan_frac_g as nan_frac_r,
    central_nan_frac_g as central_nan_frac_r,
    0e0 as core_nan_frac_r,
    0e0 as zero_frac_r,
    0e0 as central_zero_frac_r,
    0e0 as core_zero_frac_r
from missing;

create table cutout_quality as
select
    galaxy_id,
    is_lens,
    has_cutout,
    has_cutout as is_right_size,
    has_cutout as has_g,
    has_cutout as has_r,
    has_cutout and galaxy_id <> 'galaxy_2' as has_z,
    if(has_cutout, 0.001e0, null) as nan_frac_g,
    nan_frac_g as nan_frac_r,
    nan_frac_g as nan_frac_z,
    nan_frac_g as zero_frac_g,
    nan_frac_g as zero_frac_r,
    if(has_z, nan_frac_g, 1) as zero_frac_z,
    nan_frac_g as central_nan_frac_g,
    nan_frac_g as central_nan_frac_r,
    nan_frac_g as central_nan_frac_z,
    nan_frac_g / 10 as core_nan_frac_g,
    nan_frac_g / 10 as core_nan_frac_r,
    nan_frac_g / 10 as core_nan_frac_z,
    nan_frac_g / 10 as clip_frac_g,
    nan_frac_g / 10 as clip_frac_r,
    nan_frac_g / 10 as clip_frac_z,
    nan_frac_g as central_nan_frac,
    nan_frac_g / 10 as core_nan_frac,
    0.1e0 as g_r_off_mag,
    -0.1e0 as r_z_off_mag,
    if(has_z, null, '{a_reason_code}') as reason_code,
    has_z as quality_ok
from cutouts;

create table cutout_features as
select
    galaxy_id,
    is_lens,
    quality_ok,
    '0102p002' as brickname,
    1e0 as core_brightness_g,
    1e0 as core_brightness_r,
    1e0 as core_brightness_z,
    1e0 as annulus_brightness_g,
    1e0 as annulus_brightness_r,
    1e0 as annulus_brightness_z,
    1e0 as annulus_std_g,
    1e0 as annulus_std_r,
    1e0 as annulus_std_z
from cutout_quality
where has_cutout;

create table sham_renders as
select galaxy_id
from cutout_features
where galaxy_id in ('galaxy_3', 'galaxy_5', 'galaxy_7', 'galaxy_9', 'galaxy_11');

create table sham_features as
select
    galaxy_id,
    0e0 as max_abs_difference_nmgy,
    1.5e0 as blind_snr
from sham_renders;

create table shortcut_classifiers as
select
    unnest(['nuisance', 'border_only', 'core_only', 'core_only_matched', 'hosts', 'sham'])
        as classifier,
    100 as n_positives,
    100 as n_negatives,
    20 as n_bricks,
    30 as n_features,
    0.52e0 as auc,
    0.47e0 as auc_low,
    0.57e0 as auc_high,
    0.46e0 as null_low,
    0.54e0 as null_high,
    ['ebv', 'psfsize_r'] as top_features;

create table shortcut_scores as
select
    *,
    100 as n_positives,
    100 as n_negatives,
    auc - 0.05e0 as auc_low,
    auc + 0.05e0 as auc_high,
    greatest(auc, 1 - auc) as auc_folded,
    auc_folded - 0.05e0 as auc_folded_low
from (
    values
        ('ebv', 'nuisance', false, 0.48e0, 'green'),
        ('core_g_r', 'core', false, 0.67e0, 'yellow'),
        ('azimuthal_asymmetry_r', 'physics', true, 0.8e0, 'red')
) as features(feature, kind, is_expected, auc, verdict);

create table cutout_gates as
select *
from (
    values
        ('enough_positives', true, true, 'pass', 200e0, '>=', 100e0),
        ('nuisance_classifier', true, true, 'pass', 0.5e0, '<=', 0.6e0),
        ('core_only_classifier', false, false, 'warning', 0.9e0, '<=', 0.7e0),
        ('overall', true, true, 'GO', 0e0, '<=', 0e0)
) as gates(gate, is_blocking, is_pass, verdict, value, comparison, limit_value);

create table cutout_gate_rules as select gate from cutout_gates where gate <> 'overall';
