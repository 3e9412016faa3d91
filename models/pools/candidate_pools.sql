-- Its suite compares with the combinations of cuts, so they come first.
-- depends_on: {{ ref('cut_combinations') }}
with

confuser_features as (
    select * from {{ ref('confuser_features') }}
),

confuser_rules as (
    select * from {{ ref('confuser_rules') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

-- A bound that a rule does not have is null; a feature that a source does not have meets no bound.
rules_met as (
    select
        confuser_features.brickid,
        confuser_features.objid,
        confuser_rules.confuser_rule_set,
        confuser_rules.rule_order,
        confuser_rules.category
    from confuser_features
    inner join confuser_rules on confuser_features.type = confuser_rules.type
    where
        {{ meets('flux_r', '>=', 'flux_r_min_nmgy') }}
        and {{ meets('shape_r', '>=', 'shape_r_min_arcsec') }}
        and {{ meets('axis_ratio', '>=', 'axis_ratio_min') }}
        and {{ meets('axis_ratio', '<=', 'axis_ratio_max') }}
        and {{ meets('sersic', '<=', 'sersic_max') }}
        and {{ meets('gr', '<=', 'g_r_max_mag') }}
        and {{ meets('rmag', '<=', 'mag_r_max') }}
        and {{ meets('gr_mw', '<=', 'g_r_dereddened_max_mag') }}
        and {{ meets('rmag_mw', '<=', 'mag_r_dereddened_max') }}
        and (not confuser_rules.is_merger_needed or confuser_features.has_merger_partner)
        and (not confuser_rules.is_star_artefact_needed or confuser_features.has_star_artefact)
),

-- The first rule that a source meets names it.
categories as (
    select
        brickid,
        objid,
        {%- for rule_set in ['original', 'shape_aware'] %}
        arg_min(category, rule_order) filter (where confuser_rule_set = '{{ rule_set }}')
            as confuser_category_{{ rule_set }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from rules_met
    group by brickid, objid
),

candidate_pools as (
    select
        confuser_features.brickid,
        confuser_features.objid,
        confuser_features.type,
        categories.confuser_category_original,
        categories.confuser_category_shape_aware,
        categories.confuser_category_{{ confuser_rule_set() }} as confuser_category,
        case
            when categories.confuser_category_{{ confuser_rule_set() }} is not null then 'N2'
            when list_contains(pool_rules.n1_types, confuser_features.type) then 'N1'
        end as pool,
        confuser_features.axis_ratio,
        confuser_features.partner_brickid,
        confuser_features.partner_objid,
        confuser_features.partner_separation_arcsec
    from confuser_features
    cross join pool_rules
    left join categories
        on
            confuser_features.brickid = categories.brickid
            and confuser_features.objid = categories.objid
)

select * from candidate_pools
