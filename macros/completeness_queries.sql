{#
  Functions that the lake keeps, for anyone who opens it: `from completeness_at(1.2)`. They are made
  after completeness_cells, need nothing but DuckDB, and are written out in docs/completeness_questions.md.
  A table name is given as text: `from completeness_weighted('my_weights')`. No parameter may default
  to null: DuckLake 1.0 then cannot open the lake again.
#}

{% macro lake_table(name) -%}
    {{ api.Relation.create(database=target.database, schema=target.schema, identifier=name) }}
{%- endmacro %}

{% macro of_quality(column) -%}
    {#- The column for clean stamps or for all usable ones, as the caller asks. -#}
    case chosen_quality
        when 'clean' then {{ column }}_clean
        when 'all' then {{ column }}_all
        else error('quality is clean or all, not ' || chosen_quality)
    end
{%- endmacro %}

{% macro completeness_queries() -%}
    {{ query_completeness_at() }};
    {{ query_completeness_weighted() }};
    {{ query_completeness_for_density() }};
    {{ query_completeness_of_population() }};
    {{ query_completeness_over_footprint() }};
    {{ query_completeness_chain() }}
{%- endmacro %}

{% macro query_completeness_at() -%}
create or replace macro {{ lake_table('completeness_at') }}(
    theta_e,
    psf_fwhm := 'any',
    depth := 'any',
    chosen_rule := 'original',
    chosen_quality := 'clean'
) as table
select
    experiment_id,
    rule,
    rule_kind,
    theta_e_arcsec_low,
    theta_e_arcsec_high,
    psf_fwhm_arcsec_low,
    psf_fwhm_arcsec_high,
    psfdepth_r_mag_low,
    psfdepth_r_mag_high,
    {{ of_quality('completeness_valid') }} as completeness,
    {{ of_quality('wilson_low') }} as wilson_low,
    {{ of_quality('wilson_high') }} as wilson_high,
    {{ of_quality('jeffreys_low') }} as jeffreys_low,
    {{ of_quality('jeffreys_high') }} as jeffreys_high,
    {{ of_quality('chance_corrected') }} as chance_corrected,
    {{ of_quality('valid_frac') }} as usable_share,
    n_attempt,
    {{ of_quality('n_valid') }} as n_valid,
    {{ of_quality('n_recovered') }} as n_recovered,
    {{ of_quality('n_hosts') }} as n_hosts,
    {{ of_quality('n_effective') }} as n_effective
from {{ lake_table('completeness_cells') }}
where
    rule = chosen_rule
    and cube = case
        when psf_fwhm::varchar = 'any' and depth::varchar = 'any' then 'by_theta_e_arcsec'
        when depth::varchar = 'any' then 'theta_e_psf'
        when psf_fwhm::varchar = 'any' then 'theta_e_depth'
        else 'theta_e_psf_depth'
    end
    and theta_e >= theta_e_arcsec_low
    and theta_e < theta_e_arcsec_high
    and (
        psf_fwhm::varchar = 'any'
        or (
            try_cast(psf_fwhm as double) >= psf_fwhm_arcsec_low
            and try_cast(psf_fwhm as double) < psf_fwhm_arcsec_high
        )
    )
    and (
        depth::varchar = 'any'
        or (
            try_cast(depth as double) >= psfdepth_r_mag_low
            and try_cast(depth as double) < psfdepth_r_mag_high
        )
    )
{%- endmacro %}

{% macro query_completeness_chain() -%}
create or replace macro {{ lake_table('completeness_chain') }}(
    chosen_rule := 'original', chosen_quality := 'clean'
) as table
with

parent_factor as (
    select
        count(*) as n_known_lenses,
        avg(is_parent::double) as parent_share
    from {{ lake_table('known_lens_parents') }}
),

parent_bounds as (
    select
        *,
        {{ wilson_bound('parent_share', 'n_known_lenses', '-') }} as parent_low,
        {{ wilson_bound('parent_share', 'n_known_lenses', '+') }} as parent_high
    from parent_factor
),

attempts as (
    select
        recovery_thresholds.experiment_id,
        task_outcomes.theta_e_arcsec as bin,
        task_outcomes.host_number,
        case chosen_quality
            when 'clean' then task_outcomes.is_clean
            when 'all' then true
            else error('quality is clean or all, not ' || chosen_quality)
        end
        and (task_outcomes.usable_bits >> recovery_thresholds.rule_bit) & 1 = 1 as is_usable
    from {{ lake_table('task_outcomes') }} as task_outcomes
    inner join {{ lake_table('recovery_thresholds') }} as recovery_thresholds using (experiment_number)
    where
        recovery_thresholds.rule = chosen_rule
        and task_outcomes.is_first_of_render
        and not task_outcomes.is_control
),

hosts as (
    select
        experiment_id,
        bin,
        host_number,
        count(*)::double as n,
        count(*) filter (where is_usable)::double as k
    from attempts
    group by experiment_id, bin, host_number
),

-- A host mostly is usable at every attempt or at none, so that hosts are what is counted.
usable_factor as (
    select
        experiment_id,
        bin,
        count(*) as n_hosts_attempted,
        sum(n)::bigint as n_attempt,
        sum(k) / sum(n) as usable_share,
        sum(n) / ({{ host_design_effect(
            'count(*)', 'sum(n)', 'sum(k)', 'sum(n * n)', 'sum(k * k)', 'sum(n * k)'
        ) }}) as usable_n_effective
    from hosts
    group by experiment_id, bin
),

usable_bounds as (
    select
        usable_factor.* exclude (bin),
        edges.low as theta_e_arcsec_low,
        {{ wilson_bound('usable_share', 'usable_n_effective', '-') }} as usable_low,
        {{ wilson_bound('usable_share', 'usable_n_effective', '+') }} as usable_high
    from usable_factor
    left join {{ lake_table('completeness_bins') }} as edges
        on edges.axis = 'theta_e_arcsec' and usable_factor.bin = edges.bin
),

cells as (
    select
        experiment_id,
        rule,
        theta_e_arcsec_low,
        theta_e_arcsec_high,
        {{ of_quality('n_hosts') }} as n_hosts,
        {{ of_quality('completeness_valid') }} as detected_share,
        {{ of_quality('wilson_low') }} as detected_low,
        {{ of_quality('wilson_high') }} as detected_high
    from {{ lake_table('completeness_cells') }}
    where cube = 'by_theta_e_arcsec' and rule = chosen_rule and n_attempt > 0
)

select
    cells.experiment_id,
    cells.rule,
    cells.theta_e_arcsec_low,
    cells.theta_e_arcsec_high,
    parent_bounds.n_known_lenses,
    parent_bounds.parent_share,
    parent_bounds.parent_low,
    parent_bounds.parent_high,
    usable_bounds.n_attempt,
    usable_bounds.n_hosts_attempted,
    usable_bounds.usable_n_effective,
    usable_bounds.usable_share,
    usable_bounds.usable_low,
    usable_bounds.usable_high,
    cells.n_hosts,
    cells.detected_share,
    cells.detected_low,
    cells.detected_high,
    parent_bounds.parent_share * usable_bounds.usable_share * cells.detected_share as chain,
    parent_bounds.parent_low * usable_bounds.usable_low * cells.detected_low as chain_low,
    parent_bounds.parent_high * usable_bounds.usable_high * cells.detected_high as chain_high
from cells
inner join usable_bounds
    on cells.experiment_id = usable_bounds.experiment_id
    and cells.theta_e_arcsec_low is not distinct from usable_bounds.theta_e_arcsec_low
cross join parent_bounds
order by cells.experiment_id, cells.theta_e_arcsec_low
{%- endmacro %}
