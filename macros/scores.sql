{#
  Scores of finders, all from the one table that `python -m ingest scores` fills.
#}

{% macro scores_of(object_kind, key) -%}
    {#- Scores of one kind of object: its key, `finder` and `score`. -#}
    (
        select
            object_id as {{ key }},
            finder,
            score
        from {{ source('raw', 'raw_finder_scores') }}
        where object_kind = '{{ object_kind }}'
    )
{%- endmacro %}

{% macro finder_scores() -%}
    {#-
      Scores of tasks: task_id, finder, score. The score of a render is that of each of its tasks;
      of a render that is gone the id stands, which no task has.
    -#}
    (
        select
            task_id,
            finder,
            score
        from {{ scores_of('task', 'task_id') }} as scores_of_tasks
        union all
        select
            coalesce(injections.task_id, scores_of_renders.render_id) as task_id,
            scores_of_renders.finder,
            scores_of_renders.score
        from {{ scores_of('render', 'render_id') }} as scores_of_renders
        left join {{ ref('injections') }} as injections
            on scores_of_renders.render_id = injections.render_id
    )
{%- endmacro %}

{% macro negative_scores() -%}
    {#- Scores of galaxies without an arc: galaxy_id, finder, score. -#}
    {%- if var('blind_snr_of_negatives') -%}
    (
        select * from {{ scores_of('galaxy', 'galaxy_id') }}
        union all
        select
            galaxy_id,
            'blind_snr' as finder,
            blind_snr as score
        from {{ ref('sham_features') }}
        where blind_snr is not null
    )
    {%- else -%}
    {{ scores_of('galaxy', 'galaxy_id') }}
    {%- endif -%}
{%- endmacro %}

{% macro earlier_finder_scores() -%}
    {#- Scores of galaxies (galaxy_id, score) by the finder that the var names, or none. -#}
    {%- set finder = var('pool_earlier_finder') -%}
    {%- if finder %}
    select
        galaxy_id,
        max(score) as score
    from {{ scores_of_finder(finder) }}
    group by galaxy_id
    {%- else %}
    select
        null::varchar as galaxy_id,
        null::double as score
    where false
    {%- endif %}
{%- endmacro %}

{% macro scores_of_finder(finder) -%}
    {#-
      The table that holds a finder's scores of galaxies; an error that names the finder when there
      are none. Our own baseline scores cutouts of an earlier training sample, so there is no ref.
    -#}
    {%- set is_baseline = finder == 'baseline' -%}
    {%- set table = 'baseline_scores' if is_baseline else 'raw_finder_scores' -%}
    {%- set scores -%}
        (
            select {{ 'galaxy_id' if is_baseline else 'object_id as galaxy_id' }}, score
            from {{ api.Relation.create(target.database, target.schema, table) }}
            where finder = '{{ finder }}'
            {%- if not is_baseline %} and object_kind in ('galaxy', 'cutout'){% endif %}
        )
    {%- endset -%}
    {%- if execute -%}
        {%- set relation = adapter.get_relation(target.database, target.schema, table) -%}
        {%- if not relation or run_query('select count(*) from ' ~ scores).rows[0][0] == 0 -%}
            {{ exceptions.raise_compiler_error(
                "var pool_earlier_finder names " ~ finder ~ ", of which the lake has no scores of galaxies: "
                ~ "python -m ingest scores lists what it has"
            ) }}
        {%- endif -%}
    {%- endif -%}
    {{ scores }}
{%- endmacro %}

{% macro refuse_bad_scores(table, key, known_in=none) -%}
    {#- Scores that came another way than by `python -m ingest scores`, or for tasks that are gone. -#}
    {%- set is_there = adapter.get_relation(target.database, target.schema, 'raw_finder_scores') if execute -%}
    {%- if is_there -%}
        {%- set scores = finder_scores() if table == 'finder_scores' else negative_scores() -%}
        {%- set query -%}
            with
            given as (
                select *, count(*) over (partition by {{ key }}, finder) as n from {{ scores }}
            ),
            known as (
                select {{ key }} from {{ known_in or 'given' }}
            )
            select
                given.{{ key }} || ' by ' || given.finder,
                case
                    when not coalesce(isfinite(given.score::double), false)
                        then 'has the score ' || coalesce(given.score::varchar, 'null')
                    when given.n > 1 then 'has ' || given.n || ' scores'
                    else 'is not in injections'
                end as fault
            from given
            left join known using ({{ key }})
            where
                not coalesce(isfinite(given.score::double), false)
                or given.n > 1
                or known.{{ key }} is null
            order by all
            limit 1
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {{ exceptions.raise_compiler_error(
                table ~ ": " ~ (row[0] or key ~ ' or finder is null') ~ " " ~ row[1]
                ~ "; take the scores again with python -m ingest scores"
            ) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
