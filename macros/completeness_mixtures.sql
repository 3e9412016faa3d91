{#
  The completeness of a population or of the footprint, as a mixture of cells.
#}

{% macro mixture_of_cells(place) -%}
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
),

mixture_of_cells as (
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
)
{%- endmacro %}
