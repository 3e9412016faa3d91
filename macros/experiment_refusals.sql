{#
  What is refused before a task is made: hooks of the model `experiments`, so that nothing which is
  made from it runs after a refusal, whatever the command.
#}

{% macro refuse_impossible_tiers() -%}
    {#- Before: an error with one sentence about the first row of `tiers` that cannot be, or nothing. -#}
    select error(refusals.sentence)
    from (
        select
            case
                when tiers.n_galaxies < 1
                    then 'tier ' || tiers.tier || ' asks for ' || tiers.n_galaxies || ' galaxies'
                when grids.grid is null
                    then 'tier ' || tiers.tier || ' asks for the grid "' || tiers.grid
                        || '", which neither the seed grid_axes nor the seed priors has'
                when tiers.sampling not in ('all_configs', 'one_config')
                    then 'no such sampling: ' || tiers.sampling
            end as sentence
        from {{ ref('tiers') }} as tiers
        left join (select distinct grid from {{ ref('injection_configs') }}) as grids
            on tiers.grid = grids.grid
        where tiers.survey_size = '{{ var("survey_size") }}'
    ) as refusals
    where refusals.sentence is not null
{%- endmacro %}

{% macro refuse_too_many_tasks() -%}
    {#- After: an error that names the largest experiment and its biggest factor, or nothing. -#}
    select
        error(format(
            'The manifests would hold {:,} tasks, more than task_limit {:,}. The largest '
            || 'experiment is {} and its biggest factor {} ({:,}): lower it in the seed '
            || 'tiers, or raise the var task_limit (0 switches the check off).',
            totals.n_tasks,
            totals.task_limit,
            totals.largest.experiment_id,
            totals.largest.biggest_factor.name,
            totals.largest.biggest_factor.value
        ))
    from (
        select
            sum(n_tasks_nominal)::bigint as n_tasks,
            any_value(task_limit) as task_limit,
            arg_max(
                {
                    'experiment_id': experiment_id,
                    'biggest_factor': list_max([
                        {'value': n_galaxies::bigint, 'name': 'galaxies per selection set and split'},
                        {'value': n_configs_per_galaxy::bigint, 'name': 'configs per galaxy'},
                        {'value': len(selection_set_ids)::bigint, 'name': 'selection sets'},
                        {'value': n_replicates::bigint, 'name': 'replicates'}
                    ])
                },
                n_tasks_nominal
                order by experiment_id
            ) as largest
        from {{ this }}
    ) as totals
    where totals.task_limit > 0 and totals.n_tasks > totals.task_limit
{%- endmacro %}
