{#
  The completeness of a population that is not the injected one, from weights of the injections:
  given as they are, or as a target density over the stored proposal density. CTEs, in three macros
  that follow each other after `given_weights` (task_id, weight).
#}

{% macro weighted_tasks() -%}
    {#- What is wrong with the weights, and the weighted hosts. -#}
weight_faults as (
    select
        count(*) filter (where injections.task_id is null) as n_unknown,
        min(given_weights.task_id) filter (where injections.task_id is null) as first_unknown,
        count(*) - count(distinct given_weights.task_id) as n_repeated,
        count(*) filter (
            where coalesce(not isfinite(given_weights.weight) or given_weights.weight < 0, true)
        ) as n_bad
    from given_weights
    left join {{ ref('injections') }} as injections using (task_id)
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
        recoveries.is_usable and (recoveries.is_usable_clean or {{ known_quality() }} = 'all')
            as is_usable,
        recoveries.is_detected
    from given_weights
    inner join {{ ref('injections') }} as injections using (task_id)
    inner join {{ ref('recoveries') }} as recoveries using (task_id)
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
)
{%- endmacro %}

{% macro pareto_fit() -%}
    {#-
      Shape k of the generalized Pareto distribution in the tail of the hosts' weights (Zhang &
      Stephens 2009, Technometrics 51, 316, section 4, where k has the other sign), with the number of trial
      slopes and the prior of Vehtari et al. (2024). Steps are numbered:
        (1) x_1 <= ... <= x_n: how far the largest weights exceed the next one
        (2) theta_j = 1 / x_n + (1 - sqrt(m / (j - 1/2))) / (3 x*), j = 1 ... m = 30 + floor(sqrt(n)),
            x* the quartile x_floor(n / 4 + 1/2)
        (3) k(theta) = 1 / n sum_i ln(1 - theta x_i)
        (4) l(theta) = n (ln(-theta / k) - k - 1), the profile log-likelihood
        (5) theta = sum_j theta_j w_j, w_j = exp(l_j) / sum_t exp(l_t)
        (6) k = (n k(theta) + 10 * 1/2) / (n + 10)
      Fewer than five excesses have no shape.
    -#}
ranked_weights as (
    select
        experiment_id,
        n as weight,
        row_number() over (partition by experiment_id order by n desc) as rank,
        count(*) over (partition by experiment_id) as n_hosts,
        least(ceil(0.2e0 * n_hosts), ceil(3e0 * sqrt(n_hosts))) as tail_length
    from weighted_hosts
),

tail_starts as (
    select
        experiment_id,
        weight
    from ranked_weights
    where rank = tail_length + 1
),

pareto_1_excesses as (
    select
        ranked_weights.experiment_id,
        ranked_weights.weight - tail_starts.weight as x,
        row_number() over (partition by ranked_weights.experiment_id order by x) as i,
        count(*) over (partition by ranked_weights.experiment_id) as n
    from ranked_weights
    inner join tail_starts using (experiment_id)
    where ranked_weights.rank <= ranked_weights.tail_length and x > 1e-12
    qualify n >= 5
),

pareto_2_slopes as (
    select
        experiment_id,
        any_value(n) as n,
        any_value(30 + floor(sqrt(n))) as m,
        unnest(range(1, m::bigint + 1)) as j,
        1e0 / max(x) + (1e0 - sqrt(m / (j - 0.5e0)))
        / (3e0 * max(x) filter (where i = floor(n / 4e0 + 0.5e0))) as theta
    from pareto_1_excesses
    group by experiment_id
),

pareto_3_shapes as (
    select
        pareto_2_slopes.experiment_id,
        pareto_2_slopes.n,
        pareto_2_slopes.j,
        pareto_2_slopes.theta,
        avg(ln(1e0 - pareto_2_slopes.theta * pareto_1_excesses.x)) as k
    from pareto_2_slopes
    inner join pareto_1_excesses using (experiment_id)
    group by all
),

pareto_4_likelihoods as (
    select
        *,
        n * (ln(-theta / k) - k - 1e0) as l,
        exp(l - max(l) over (partition by experiment_id)) as likelihood
    from pareto_3_shapes
),

pareto_5_slope as (
    select
        experiment_id,
        sum(theta * likelihood) / sum(likelihood) as theta
    from pareto_4_likelihoods
    group by experiment_id
),

pareto_fits as (
    select
        pareto_5_slope.experiment_id,
        (sum(ln(1e0 - pareto_5_slope.theta * pareto_1_excesses.x)) + 5e0) / (count(*) + 10e0) as pareto_k
    from pareto_5_slope
    inner join pareto_1_excesses using (experiment_id)
    group by pareto_5_slope.experiment_id
)
{%- endmacro %}

{% macro weighted_answers(is_density=false) -%}
    {#- A weighted share, its effective n from hosts, and why it must not be used. -#}
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
        sum(n) * sum(n) / sum(n * n) as n_effective_hosts
    from weighted_hosts
    group by experiment_id
),

answers as (
    select
        *,
        n_recovered / n_valid as completeness,
        n_valid / ({{ host_design_effect(
            'n_hosts', 'n_valid', 'n_recovered', 'sum_n2', 'sum_k2', 'sum_nk'
        ) }}) as n_effective
    from sums
    left join pareto_fits using (experiment_id)
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
),

weighted_answers as (
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
)
{%- endmacro %}
