with

cutout_quality as (
    select * from {{ ref('cutout_quality') }}
),

shortcut_scores as (
    select * from {{ ref('shortcut_scores') }}
),

shortcut_classifiers as (
    select * from {{ ref('shortcut_classifiers') }}
),

sham_features as (
    select * from {{ ref('sham_features') }}
),

quality_numbers as (
    select
        count(*) filter (where is_lens and quality_ok)::double as n_positives,
        avg(quality_ok::integer) filter (where is_lens) as positive_ok_frac,
        avg(quality_ok::integer) filter (where not is_lens) as negative_ok_frac,
        -- Over all cutouts, refused ones too: a swap of bands or units would refuse most of them.
        greatest(abs(median(g_r_off_mag)), abs(median(r_z_off_mag))) as colour_off_mag,
        abs(log10(median(flux_over_catalogue_r))) as flux_off_dex
    from cutout_quality
),

feature_groups as (
    select
        *,
        case
            when is_expected then 'expected'
            when kind in ('nuisance', 'core') then kind
            when kind = 'host' then 'host'
            else 'other'
        end as feature_group
    from shortcut_scores
    where verdict <> 'unmeasured'
),

feature_numbers as (
    select
        feature_group,
        max(auc_folded_low) as worst_auc_low,
        list(feature order by auc_folded_low desc, feature)
            filter (where auc_folded_low > {{ var('shortcut_nuisance_auc') }}) as above_tight,
        list(feature order by auc_folded_low desc, feature)
            filter (where auc_folded_low > {{ var('shortcut_red_auc') }}) as above_red
    from feature_groups
    group by feature_group
),

expected_numbers as (
    select max(auc_folded) as best_auc
    from feature_groups
    where is_expected
),

yellow_numbers as (
    select
        count(*)::double as n_yellow,
        list(feature order by feature) as features
    from shortcut_scores
    where verdict = 'yellow' and not is_expected
),

sham_numbers as (
    select max(max_abs_difference_nmgy) as difference_nmgy
    from sham_features
),

measured_gates as (
    select
        'enough_positives' as gate,
        true as is_blocking,
        n_positives as value,
        '>=' as comparison,
        {{ var('shortcut_min_positives') }}::double as limit_value,
        null::varchar[] as offenders
    from quality_numbers
    union all
    select
        'positives_usable', true, positive_ok_frac, '>=',
        {{ var('gate_min_positive_ok_frac') }}::double, null
    from quality_numbers
    union all
    select
        'negatives_usable', true, negative_ok_frac, '>=',
        {{ var('gate_min_negative_ok_frac') }}::double, null
    from quality_numbers
    union all
    select
        'colours_of_the_catalogue', true, colour_off_mag, '<=',
        {{ var('gate_max_median_colour_off_mag') }}::double, null
    from quality_numbers
    union all
    select
        'fluxes_of_the_catalogue', true, flux_off_dex, '<=',
        {{ var('gate_max_median_flux_off_dex') }}::double, null
    from quality_numbers
    union all
    select
        'no_nuisance_shortcuts', true, worst_auc_low, '<=',
        {{ var('shortcut_nuisance_auc') }}::double, above_tight
    from feature_numbers
    where feature_group = 'nuisance'
    union all
    select
        'no_core_shortcuts', true, worst_auc_low, '<=',
        {{ var('shortcut_red_auc') }}::double, above_red
    from feature_numbers
    where feature_group = 'core'
    union all
    select
        'no_trivial_shortcuts', true, worst_auc_low, '<=',
        {{ var('shortcut_red_auc') }}::double, above_red
    from feature_numbers
    where feature_group = 'other'
    union all
    select
        'hosts_alike', false, worst_auc_low, '<=',
        {{ var('shortcut_red_auc') }}::double, above_red
    from feature_numbers
    where feature_group = 'host'
    union all
    select
        classifier || '_classifier',
        classifier in ('nuisance', 'border_only', 'sham'),
        auc,
        '<=',
        if(
            classifier in ('nuisance', 'border_only', 'sham'),
            {{ var('shortcut_nuisance_auc') }},
            {{ var('shortcut_red_auc') }}
        )::double,
        top_features
    from shortcut_classifiers
    union all
    -- A pixel that is exactly zero, where no exposure is, takes up even the sham's light.
    select
        'sham_leaves_pixels_alone', true, difference_nmgy, '<=',
        pow(10e0, -0.4e0 * ({{ var('sham_source_mag') }} - {{ var('ab_zp_nmgy') }})), null
    from sham_numbers
    union all
    select
        'arcs_show', false, best_auc, '>=', {{ var('shortcut_physics_auc') }}::double, null
    from expected_numbers
    union all
    select
        'few_yellow_features', false, n_yellow, '<=', {{ var('shortcut_max_yellow') }}::double,
        features
    from yellow_numbers
),

-- A gate without a number is shut: a test that was not done has not been passed.
gates_with_all_tests as (
    select
        required.gate,
        coalesce(measured_gates.is_blocking, true) as is_blocking,
        measured_gates.value,
        measured_gates.comparison,
        measured_gates.limit_value,
        measured_gates.offenders
    from (
        select unnest([
            'enough_positives', 'positives_usable', 'negatives_usable', 'colours_of_the_catalogue',
            'fluxes_of_the_catalogue', 'no_nuisance_shortcuts', 'no_core_shortcuts',
            'no_trivial_shortcuts', 'hosts_alike', 'nuisance_classifier',
            'border_only_classifier', 'core_only_classifier', 'core_only_matched_classifier',
            'hosts_classifier', 'sham_classifier', 'sham_leaves_pixels_alone', 'arcs_show', 'few_yellow_features'
        ]) as gate
    ) as required
    left join measured_gates on required.gate = measured_gates.gate
),

judged_gates as (
    select
        *,
        coalesce(
            if(comparison = '>=', value >= limit_value, value <= limit_value)
            and not isnan(value),
            false
        ) as is_pass
    from gates_with_all_tests
),

verdict as (
    select
        'overall' as gate,
        true as is_blocking,
        count(*) filter (where is_blocking and not is_pass)::double as value,
        '<=' as comparison,
        0::double as limit_value,
        list(gate order by gate) filter (where is_blocking and not is_pass) as offenders,
        count(*) filter (where is_blocking and not is_pass) = 0 as is_pass
    from judged_gates
),

cutout_gates as (
    select * from judged_gates
    union all
    select * from verdict
)

select
    gate,
    is_blocking,
    is_pass,
    case
        when gate = 'overall' then if(is_pass, 'GO', 'NO-GO')
        when is_pass then 'pass'
        else if(is_blocking, 'fail', 'warning')
    end as verdict,
    value,
    comparison,
    limit_value,
    case when not is_pass or gate = 'overall' then coalesce(offenders, []) else [] end as offenders
from cutout_gates
