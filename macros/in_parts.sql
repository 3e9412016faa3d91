{#
  A table that is made by one query after the other, in one transaction: each part has the memory to
  itself, which the branches of one `union all` would share. The model's SQL is the steps, then
  `first_part()`, a select, `next_part()`, a select ...; read as a whole it is the same table.
  `settled` models may be in parts too.
#}

{% materialization in_parts, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- if existing is not none and existing.type != 'table' -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set steps, selects = compiled_code.split(first_part()) -%}
    {%- for select in selects.split(next_part()) -%}
        {% call statement('main' if loop.first else 'part_' ~ loop.index) -%}
            {%- if not config.get('contract').enforced %}
            {{ 'create or replace table ' ~ table ~ ' as' if loop.first else 'insert into ' ~ table }}
            {{ steps }}
            {{ select }}
            {%- elif loop.first %}
            drop table if exists {{ table }};
            {{ create_table_as(False, table, steps ~ select, 'sql') }}
            {%- else %}
            insert into {{ table }} {{ get_column_names() }}
            {{ get_select_subquery(steps ~ select) }}
            {%- endif %}
        {%- endcall %}
    {%- endfor -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{% macro first_part() -%}
    /* first part */
{%- endmacro %}

{% macro next_part() -%}
    union all /* next part */
{%- endmacro %}
