{#
  What the completeness stage derives from a row of `injections`, and optional tables beside it.
#}

{% macro task_expression(column) -%}
    {#- A column of `injections`, or the expression of a derived one. -#}
    {%- set psf = 'coalesce(psf_fwhm_used_' ~ var('detection_band') ~ ', psfsize_r)' -%}
    {%- set derived = {
        'psf_fwhm_arcsec': psf,
        'theta_over_psf': '(theta_e_arcsec / nullif(' ~ psf ~ ', 0e0))',
        'surface_psf_bin': 'floor(' ~ psf ~ ' / ' ~ var('surface_psf_width_arcsec') ~ 'e0)::integer',
        'surface_depth_bin': 'floor(psfdepth_r / ' ~ var('surface_depth_width_mag') ~ 'e0)::integer',
    } -%}
    {{- derived.get(column, column) -}}
{%- endmacro %}

{% macro host_number(tasks) -%}
    {#- Brick and object as one number: objid has ten digits at most. -#}
    {{ tasks }}.brickid::bigint * 10000000000 + {{ tasks }}.objid::bigint
{%- endmacro %}

{% macro bin_expression(column, edges) -%}
    {#- Number of the half-open bin that a value lies in; -1 when it is outside or missing. -#}
    case
        when {{ column }} is null or isnan({{ column }}) or {{ column }} < {{ edge_literal(edges[0]) }} then -1
        {%- for edge in edges[1:] %}
        when {{ column }} < {{ edge_literal(edge) }} then {{ loop.index0 }}
        {%- endfor %}
        {%- if edges[-1] == 'inf' %}
        when {{ column }} = {{ edge_literal('inf') }} then {{ edges | length - 2 }}
        {%- endif %}
        else -1
    end::smallint
{%- endmacro %}

{% macro edge_literal(edge) -%}
    '{{ edge }}'::double
{%- endmacro %}

{% macro optional_table(name, columns) -%}
    {#- A lake table that users may add, or an empty one of the same columns. -#}
    {%- set relation = adapter.get_relation(target.database, target.schema, name) if execute -%}
    {%- if relation -%}
        {{ relation }}
    {%- else -%}
        (
            select
                {%- for column, type in columns.items() %}
                null::{{ type }} as {{ column }}{{ "," if not loop.last }}
                {%- endfor %}
            where false
        )
    {%- endif -%}
{%- endmacro %}

{% macro finder_scores() -%}
    {{ optional_table('finder_scores', {'task_id': 'varchar', 'finder': 'varchar', 'score': 'double'}) }}
{%- endmacro %}

{% macro negative_scores() -%}
    {{ optional_table('negative_scores', {'galaxy_id': 'varchar', 'finder': 'varchar', 'score': 'double'}) }}
{%- endmacro %}

{% macro refuse_bad_scores(table, key, known_in=none) -%}
    {#- Scores that came another way than by `python -m ingest scores`, or for tasks that are gone. -#}
    {%- set relation = adapter.get_relation(target.database, target.schema, table) if execute -%}
    {%- if relation -%}
        {%- set query -%}
            with
            given as (
                select *, count(*) over (partition by {{ key }}, finder) as n from {{ relation }}
            ),
            known as (
                select {{ key }} from {{ known_in or relation }}
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

{% macro resolution_label(low, high) -%}
    case
        when {{ low }} = 0 then '<' || {{ high }}::decimal(3, 1)
        when isinf({{ high }}) then '>=' || {{ low }}::decimal(3, 1)
        else {{ low }}::decimal(3, 1) || '-' || {{ high }}::decimal(3, 1)
    end
{%- endmacro %}
