{# How a dbt command ends: two lines for each stage it touched, what it did and how to look at it. #}

{% macro closing_lines(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set stages = [] -%}
        {%- for result in results if result.node.resource_type == 'model' and result.node.fqn[1] not in stages -%}
            {%- do stages.append(result.node.fqn[1]) -%}
        {%- endfor -%}
        {%- for stage in stages -%}
            {%- do close_stage(stage, results) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro close_stage(stage, results) -%}
    {%- set bad = ['error', 'fail', 'skipped'] -%}
    {%- set of_stage = results | selectattr('node.fqn.1', 'equalto', stage) | list -%}
    {%- set good = of_stage | rejectattr('status', 'in', bad) | list -%}
    {%- set tables = good | selectattr('node.resource_type', 'equalto', 'model')
        | rejectattr('node.config.materialized', 'equalto', 'lake_function') | list -%}
    {%- set kept = tables | selectattr('message', 'equalto', 'SETTLED') | list -%}
    {%- set checks = good | selectattr('node.resource_type', 'in', ['test', 'unit_test']) | list -%}
    {%- set n_bad = (of_stage | length) - (good | length) -%}
    {{ log(
        stage ~ ': ' ~ (tables | length - kept | length) ~ ' tables made, ' ~ (kept | length)
        ~ ' left as they were, ' ~ (checks | length) ~ ' checks passed'
        ~ (', ' ~ n_bad ~ ' failed or skipped' if n_bad else ''),
        info=true
    ) }}
    {%- set shown = tables | map(attribute='node.name') | list | last -%}
    {%- if shown %}
        {{ log(run_query("select how_to_look('from " ~ shown ~ " limit 5')").rows[0][0], info=true) }}
    {%- endif -%}
{%- endmacro %}
