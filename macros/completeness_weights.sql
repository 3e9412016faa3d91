{#
  The completeness of a population that is not the injected one, from weights of the injections:
  given as they are, or as a target density over the stored proposal density.
#}

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
