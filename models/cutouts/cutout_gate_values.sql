{{ config(materialized="view") }}
with

cutout_gate_limits as (
    select * from {{ ref('cutout_gate_limits') }}
),

cutout_quality as (
    select * from {{ ref('cutout_quality') }}
),

shortcut_scores as (
    select
        *,
        case
            when is_expected then 'expected'
            when kind in ('nuisance', 'core', 'host') then kind
            else 'other'
        end as feature_group
    from {{ ref('shortcut_scores') }}
    where verdict <> 'unmeasured'
),

shortcut_classifiers as (
    select * from {{ ref('shortcut_classifiers') }}
),

sham_features as (
    select * from {{ ref('sham_features') }}
),

-- Colours and fluxes are over all cutouts, refused ones too: a swap of bands or units would refuse
-- most of them.
quality_numbers as (
    select
        count(*) filter (where is_lens and quality_ok)::double as enough_positives,
        avg(quality_ok::integer) filter (where is_lens) as positives_usable,
        avg(quality_ok::integer) filter (where not is_lens) as negatives_usable,
        greatest(abs(median(g_r_off_mag)), abs(median(r_z_off_mag))) as colours_of_the_catalogue,
        abs(log10(median(flux_over_catalogue_r))) as fluxes_of_the_catalogue
    from cutout_quality
),

quality_by_gate as (
    unpivot quality_numbers
    on columns(*)
    into name gate value value
),

features_by_gate as (
    select
        cutout_gate_limits.gate,
        max(shortcut_scores.auc_folded_low) as value,
        list(shortcut_scores.feature order by shortcut_scores.auc_folded_low desc, shortcut_scores.feature)
            filter (where shortcut_scores.auc_folded_low > cutout_gate_limits.limit_value) as offenders
    from cutout_gate_limits
    inner join shortcut_scores on cutout_gate_limits.feature_group = shortcut_scores.feature_group
    group by cutout_gate_limits.gate
),

cutout_gate_values as (
    select * from quality_by_gate
    union all by name
    select * from features_by_gate
    union all by name
    select
        classifier || '_classifier' as gate,
        auc as value,
        top_features as offenders
    from shortcut_classifiers
    union all by name
    select
        'sham_leaves_pixels_alone' as gate,
        max(max_abs_difference_nmgy) as value
    from sham_features
    union all by name
    select
        'arcs_show' as gate,
        max(auc_folded) as value
    from shortcut_scores
    where is_expected
    union all by name
    select
        'few_yellow_features' as gate,
        count(*)::double as value,
        list(feature order by feature) as offenders
    from shortcut_scores
    where verdict = 'yellow' and not is_expected
)

select * from cutout_gate_values
