{#
  A table that is left alone while nothing that it is made from has changed: its compiled SQL, the
  tables that it reads (by their DuckLake versions), the seeds (by their contents) and the code of
  the Python functions that it calls. `--full-refresh` builds it anyway. The fingerprint is kept as
  the table's comment: a table without one, as a killed run leaves it, is built again. Not for
  models that read files, which have no version here.
#}

{% materialization settled, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set fingerprint = model_fingerprint() -%}
    {%- if existing is not none and not should_full_refresh() and is_settled(fingerprint) -%}
        {% call noop_statement('main', 'SETTLED', 'SETTLED') -%}{%- endcall %}
        {{ return({'relations': [this.incorporate(type='table')]}) }}
    {%- else -%}
        {%- set is_in_parts = first_part() in compiled_code -%}
        {%- set built = (
            materialization_in_parts_duckdb() if is_in_parts else materialization_table_duckdb()
        ) -%}
        {% call statement('record_fingerprint') -%}
            comment on table {{ this }} is '{{ fingerprint }}'
        {%- endcall %}
        {%- do adapter.commit() -%}
        {{ return(built) }}
    {%- endif -%}
{% endmaterialization %}

{% macro model_fingerprint() -%}
    {%- set tables = [] -%}
    {%- set seeds = [] -%}
    {%- for input_id in physical_inputs(model) -%}
        {%- if input_id in graph.sources -%}
            {%- do tables.append(graph.sources[input_id].identifier) -%}
        {%- elif input_id.startswith('seed.') -%}
            {%- do seeds.append(graph.nodes[input_id].alias) -%}
        {%- else -%}
            {%- do tables.append(graph.nodes[input_id].alias) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set query -%}
        with
        changes as (
            select
                snapshot_id,
                unnest(flatten(map_values(changes))) as table_id
            from {{ target.database }}.snapshots()
        ),
        versions as (
            select
                tables.table_name,
                concat_ws(
                    '/',
                    tables.table_id, coalesce(max(changes.snapshot_id), 0), any_value(tables.file_count),
                    any_value(tables.file_size_bytes), any_value(tables.delete_file_count)
                ) as version
            from ducklake_table_info('{{ target.database }}') as tables
            left join changes on tables.table_id::varchar = changes.table_id
            where tables.table_name in ('{{ tables | join("', '") }}')
            group by tables.table_name, tables.table_id
            {%- for seed in seeds %}
            union all
            select
                '{{ seed }}' as table_name,
                md5(string_agg(seed::varchar, chr(10) order by seed::varchar)) as version
            from {{ seed_relation(seed) }} as seed
            {%- endfor %}
        )
        select
            coalesce(string_agg(table_name || '=' || version, ';' order by table_name), ''),
            python_digest('{{ compiled_code | replace("'", "''") }}')
        from versions
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{ return('made from ' ~ local_md5(compiled_code ~ '|' ~ row[0] ~ '|' ~ row[1])) }}
{%- endmacro %}

{% macro is_settled(fingerprint) -%}
    {%- set query -%}
        select count(*)
        from duckdb_tables()
        where
            database_name = '{{ target.database }}'
            and table_name = '{{ this.identifier }}'
            and comment = '{{ fingerprint }}'
    {%- endset -%}
    {{ return(run_query(query).rows[0][0] > 0) }}
{%- endmacro %}
