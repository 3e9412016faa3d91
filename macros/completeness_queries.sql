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

{% macro query_completeness_weighted() -%}
create or replace macro {{ lake_table('completeness_weighted') }}(
    weights, chosen_rule := 'original', chosen_quality := 'clean'
) as table
with

given_weights as (
    select
        task_id,
        weight::double as weight
    from query_table(weights)
),

{{ weighted_completeness() }}
{%- endmacro %}

{% macro query_completeness_for_density() -%}
create or replace macro {{ lake_table('completeness_for_density') }}(
    densities, chosen_rule := 'original', chosen_quality := 'clean'
) as table
with

target_densities as (
    select
        task_id,
        density::double as density
    from query_table(densities)
),

-- A task that the target leaves out has no weight; one without a proposal has no answer.
given_weights as (
    select
        injections.task_id,
        coalesce(target_densities.density, 0e0) / injections.proposal_density_system as weight
    from {{ lake_table('injections') }} as injections
    left join target_densities using (task_id)
    where
        not injections.is_control
        and injections.experiment_id in (
            select experiment_id
            from {{ lake_table('injections') }}
            inner join target_densities using (task_id)
        )
    union all
    select
        target_densities.task_id,
        target_densities.density as weight
    from target_densities
    anti join {{ lake_table('injections') }} using (task_id)
),

{{ weighted_completeness(is_density=true) }}
{%- endmacro %}

{% macro weighted_completeness(is_density=false) -%}
    {#-
      CTEs after `given_weights` (task_id, weight): a weighted share, its effective n from hosts, and
      why it must not be used. Shape of the weights' tail: Zhang & Stephens (2009), with the prior of
      Vehtari et al. (2024).
    -#}
weight_faults as (
    select
        count(*) filter (where injections.task_id is null) as n_unknown,
        min(given_weights.task_id) filter (where injections.task_id is null) as first_unknown,
        count(*) - count(distinct given_weights.task_id) as n_repeated,
        count(*) filter (
            where coalesce(not isfinite(given_weights.weight) or given_weights.weight < 0, true)
        ) as n_bad
    from given_weights
    left join {{ lake_table('injections') }} as injections using (task_id)
),

weighted_tasks as (
    select
        injections.experiment_id,
        injections.brickid,
        injections.objid,
        case
            when isfinite(given_weights.weight) and given_weights.weight >= 0
                then given_weights.weight
        end as weight,
        case chosen_quality
            when 'clean' then recoveries.is_usable_clean
            when 'all' then recoveries.is_usable
            else error('quality is clean or all, not ' || chosen_quality)
        end as is_usable,
        recoveries.is_detected
    from given_weights
    inner join {{ lake_table('injections') }} as injections using (task_id)
    inner join {{ lake_table('recoveries') }} as recoveries using (task_id)
    where recoveries.rule = chosen_rule and not injections.is_control
    qualify
        row_number() over (
            partition by injections.experiment_id, injections.render_id order by given_weights.task_id
        ) = 1
),

-- Weights are scaled to a mean of 1, so that ones give what the cells give.
scaled_tasks as (
    select
        *,
        weight / avg(weight) filter (where is_usable) over (partition by experiment_id) as usable_weight,
        avg(weight) over (partition by experiment_id) as weight_mean,
        stddev_samp(weight) over (partition by experiment_id)
        / sqrt(count(*) over (partition by experiment_id)) as weight_mean_error,
        sum(weight) filter (where is_usable) over (partition by experiment_id)
        / sum(weight) over (partition by experiment_id) as usable_share
    from weighted_tasks
),

weighted_hosts as (
    select
        experiment_id,
        brickid,
        objid,
        any_value(weight_mean) as weight_mean,
        any_value(weight_mean_error) as weight_mean_error,
        any_value(usable_share) as usable_share,
        sum(usable_weight) as n,
        coalesce(sum(usable_weight) filter (where is_detected), 0e0) as k
    from scaled_tasks
    where is_usable
    group by experiment_id, brickid, objid
    having n > 0
),

sums as (
    select
        experiment_id,
        any_value(weight_mean) as weight_mean,
        any_value(weight_mean_error) as weight_mean_error,
        any_value(usable_share) as usable_share,
        count(*) as n_hosts,
        sum(n) as n_valid,
        sum(k) as n_recovered,
        sum(n * n) as sum_n2,
        sum(k * k) as sum_k2,
        sum(n * k) as sum_nk,
        sum(n) * sum(n) / sum(n * n) as n_effective_hosts,
        list(n order by n desc) as host_weights,
        least(ceil(0.2e0 * count(*)), ceil(3e0 * sqrt(count(*))))::bigint as tail_length
    from weighted_hosts
    group by experiment_id
),

tails as (
    select
        *,
        list_reverse(list_filter(
            list_transform(
                host_weights[1 : tail_length],
                lambda weight: weight - host_weights[tail_length + 1]
            ),
            lambda excess: excess > 1e-12
        )) as excesses
    from sums
),

trials as (
    select
        *,
        len(excesses) as n_excess,
        case
            when n_excess >= 5
                then list_transform(
                    range(1, 31 + floor(sqrt(n_excess))::bigint),
                    lambda j: 1e0 / excesses[n_excess]
                    + (1e0 - sqrt((30e0 + floor(sqrt(n_excess))) / (j - 0.5e0)))
                    / (3e0 * excesses[floor(n_excess / 4e0 + 0.5e0)::bigint])
                )
        end as slopes,
        list_transform(
            slopes,
            lambda b: list_avg(list_transform(excesses, lambda x: ln(1e0 - b * x)))
        ) as shapes,
        list_transform(
            list_zip(slopes, shapes),
            lambda pair: n_excess * (ln(-pair[1] / pair[2]) - pair[2] - 1e0)
        ) as log_likelihoods,
        list_transform(
            log_likelihoods,
            lambda one: 1e0 / list_sum(list_transform(log_likelihoods, lambda other: exp(other - one)))
        ) as posterior,
        list_sum(list_transform(list_zip(slopes, posterior), lambda pair: pair[1] * pair[2])) as slope,
        (
            n_excess * list_avg(list_transform(excesses, lambda x: ln(1e0 - slope * x))) + 5e0
        ) / (n_excess + 10e0) as pareto_k
    from tails
),

answers as (
    select
        *,
        n_recovered / n_valid as completeness,
        n_valid / ({{ host_design_effect(
            'n_hosts', 'n_valid', 'n_recovered', 'sum_n2', 'sum_k2', 'sum_nk'
        ) }}) as n_effective
    from trials
),

judged_answers as (
    select
        answers.*,
        case
            when weight_faults.n_unknown > 0
                then weight_faults.n_unknown || ' unknown tasks, the first is '
                    || weight_faults.first_unknown
            when weight_faults.n_repeated > 0
                then weight_faults.n_repeated || ' tasks have more than one weight'
            when weight_faults.n_bad > 0
                then weight_faults.n_bad || ' weights are negative, NaN or null'
            {%- if is_density %}
            when weight_mean + 3e0 * weight_mean_error < {{ var('density_min_covered_share') }}
                then 'only ' || round(weight_mean, 3)
                    || ' of the target lies where there are injections'
            when weight_mean - 3e0 * weight_mean_error > 2e0 - {{ var('density_min_covered_share') }}
                then 'the target density integrates to ' || round(weight_mean, 3) || ', not to 1'
            {%- endif %}
            when pareto_k > {{ var('weights_max_pareto_k') }}
                then 'the weights have too heavy a tail: Pareto k ' || round(pareto_k, 2)
            when n_effective_hosts < {{ var('weights_min_effective_hosts') }}
                then 'the weights rest on ' || round(n_effective_hosts, 1) || ' hosts'
        end as refusal
    from answers
    cross join weight_faults
)

select
    experiment_id,
    chosen_rule as rule,
    case when refusal is null then completeness end as completeness,
    case when refusal is null then {{ wilson_bound('completeness', 'n_effective', '-') }} end
        as wilson_low,
    case when refusal is null then {{ wilson_bound('completeness', 'n_effective', '+') }} end
        as wilson_high,
    case when refusal is null then usable_share end as usable_share,
    n_hosts,
    n_effective,
    n_effective_hosts,
    pareto_k,
    weight_mean,
    refusal
from judged_answers
order by experiment_id
{%- endmacro %}

{% macro population_completeness(place) -%}
    {#-
      CTEs after `shares` (place columns, share, n_hosts, n_effective, completeness): a mixture of
      cells, its effective n, and why it must not be used. A cell's own share is drawn towards one
      half, so that a cell where nothing or all was recovered is not taken as certain.
    -#}
probed_shares as (
    select
        *,
        n_hosts >= {{ var('population_min_hosts') }} as is_probed,
        (completeness * n_effective + 1e0) / (n_effective + 2e0) as drawn
    from shares
),

mixtures as (
    select
        {{ place }},
        sum(share) filter (where not is_probed) / sum(share) as unprobed_share,
        sum(n_hosts) filter (where is_probed and share > 0)::bigint as n_hosts,
        sum(share) filter (where is_probed) as total,
        sum(share * completeness) filter (where is_probed) / total as completeness,
        sum(share * drawn) filter (where is_probed) / total as drawn,
        sum(share * share * drawn * (1e0 - drawn) / n_effective) filter (where is_probed)
        / (total * total) as variance
    from probed_shares
    group by {{ place }}
),

judged_mixtures as (
    select
        *,
        drawn * (1e0 - drawn) / variance as n_effective,
        case
            when coalesce(unprobed_share, 0) > {{ var('population_max_unprobed_share') }}
                then round(100 * unprobed_share, 1) || ' % of the population lies where fewer than '
                    || '{{ var("population_min_hosts") }} hosts were injected'
        end as refusal
    from mixtures
)

select
    {{ place }},
    chosen_rule as rule,
    case when refusal is null then completeness end as completeness,
    case when refusal is null then {{ wilson_bound('completeness', 'n_effective', '-') }} end
        as wilson_low,
    case when refusal is null then {{ wilson_bound('completeness', 'n_effective', '+') }} end
        as wilson_high,
    n_effective,
    n_hosts,
    coalesce(unprobed_share, 0) as unprobed_share,
    refusal
from judged_mixtures
order by {{ place }}
{%- endmacro %}

{% macro query_completeness_of_population() -%}
create or replace macro {{ lake_table('completeness_of_population') }}(
    population, chosen_rule := 'original', chosen_quality := 'clean'
) as table
with

members as (
    select
        theta_e_arcsec::double as theta_e_arcsec,
        psf_fwhm_arcsec::double as psf_fwhm_arcsec,
        psfdepth_r::double as psfdepth_r,
        case
            when isfinite(weight::double) and weight >= 0 then weight::double
            else error('a weight of the population is negative, NaN or null')
        end as weight
    from query_table(population)
),

cells as (
    select
        *,
        {{ of_quality('n_hosts') }} as n_hosts,
        {{ of_quality('n_effective') }} as n_effective,
        {{ of_quality('completeness_valid') }} as completeness
    from {{ lake_table('completeness_cells') }}
    where cube = 'theta_e_psf_depth' and rule = chosen_rule
),

experiments as (
    select distinct experiment_id from cells
),

-- A member outside all cells stays, without hosts.
shares as (
    select
        experiments.experiment_id,
        sum(members.weight) as share,
        coalesce(any_value(cells.n_hosts), 0) as n_hosts,
        any_value(cells.n_effective) as n_effective,
        any_value(cells.completeness) as completeness
    from members
    cross join experiments
    left join cells
        on experiments.experiment_id = cells.experiment_id
        and members.theta_e_arcsec >= cells.theta_e_arcsec_low
        and members.theta_e_arcsec < cells.theta_e_arcsec_high
        and members.psf_fwhm_arcsec >= cells.psf_fwhm_arcsec_low
        and members.psf_fwhm_arcsec < cells.psf_fwhm_arcsec_high
        and members.psfdepth_r >= cells.psfdepth_r_mag_low
        and members.psfdepth_r < cells.psfdepth_r_mag_high
    group by experiments.experiment_id, cells.cell
),

{{ population_completeness('experiment_id') }}
{%- endmacro %}

{% macro query_completeness_over_footprint() -%}
create or replace macro {{ lake_table('completeness_over_footprint') }}(
    chosen_rule := 'original', chosen_quality := 'clean', weighted_by := 'parents'
) as table
with

cells as (
    select
        *,
        {{ of_quality('n_hosts') }} as n_hosts,
        {{ of_quality('n_effective') }} as n_effective,
        {{ of_quality('completeness_valid') }} as completeness
    from {{ lake_table('completeness_cells') }}
    where cube = 'theta_e_psf_depth' and rule = chosen_rule
),

theta_bins as (
    select
        experiment_id,
        theta_e_arcsec_low,
        theta_e_arcsec_high
    from cells
    where theta_e_arcsec_low is not null
    group by experiment_id, theta_e_arcsec_low, theta_e_arcsec_high
    having sum(n_attempt) > 0
),

shares as (
    select
        theta_bins.*,
        case weighted_by
            when 'parents' then footprint.n_parents::double
            when 'area' then footprint.area_deg2
            else error('weighted_by is parents or area, not ' || weighted_by)
        end as share,
        coalesce(cells.n_hosts, 0) as n_hosts,
        cells.n_effective,
        cells.completeness
    from theta_bins
    cross join {{ lake_table('completeness_footprint') }} as footprint
    left join cells
        on theta_bins.experiment_id = cells.experiment_id
        and theta_bins.theta_e_arcsec_low = cells.theta_e_arcsec_low
        and footprint.psf_fwhm_arcsec_low = cells.psf_fwhm_arcsec_low
        and footprint.psfdepth_r_mag_low = cells.psfdepth_r_mag_low
),

{{ population_completeness('experiment_id, theta_e_arcsec_low, theta_e_arcsec_high') }}
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

cells as (
    select
        experiment_id,
        rule,
        theta_e_arcsec_low,
        theta_e_arcsec_high,
        n_attempt,
        {{ of_quality('n_hosts') }} as n_hosts,
        {{ of_quality('valid_frac') }} as usable_share,
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
    cells.n_attempt,
    cells.usable_share,
    {{ wilson_bound('cells.usable_share', 'cells.n_attempt', '-') }} as usable_low,
    {{ wilson_bound('cells.usable_share', 'cells.n_attempt', '+') }} as usable_high,
    cells.n_hosts,
    cells.detected_share,
    cells.detected_low,
    cells.detected_high,
    parent_bounds.parent_share * cells.usable_share * cells.detected_share as chain,
    parent_bounds.parent_low * usable_low * cells.detected_low as chain_low,
    parent_bounds.parent_high * usable_high * cells.detected_high as chain_high
from cells
cross join parent_bounds
order by cells.experiment_id, cells.theta_e_arcsec_low
{%- endmacro %}
