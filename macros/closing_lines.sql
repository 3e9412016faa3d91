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
    {%- set made, kept, passed, failed = [], [], [], [] -%}
    {%- for result in results if stage in result.node.fqn[1:2] -%}
        {%- if result.status in ['error', 'fail', 'skipped'] -%}
            {%- do failed.append(result.node.name) -%}
        {%- elif result.node.resource_type in ['test', 'unit_test'] -%}
            {%- do passed.append(result.node.name) -%}
        {%- elif result.node.resource_type == 'model' and result.node.config.materialized != 'lake_function' -%}
            {%- do (kept if 'SETTLED' in (result.message or '') else made).append(result.node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ log(
        stage ~ ': ' ~ (made | length) ~ ' tables made, ' ~ (kept | length) ~ ' left as they were, '
        ~ (passed | length) ~ ' checks passed' ~ (', ' ~ (failed | length) ~ ' failed or skipped' if failed else ''),
        info=true
    ) }}
    {%- set shown = (made + kept) | last -%}
    {%- if shown %}
        {{ log('look: duckdb -init ' ~ env_var('DHS_LAKE', 'lake') ~ '/open.sql -c "from ' ~ shown ~ ' limit 5"', info=true) }}
    {%- endif -%}
{%- endmacro %}
