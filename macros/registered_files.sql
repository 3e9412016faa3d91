{% materialization registered_files, adapter='duckdb', supported_languages=['python'] %}
    {#-
        A Python model that returns the paths of Parquet files becomes a lake table that holds their
        rows, without copying them (store/registration.py). Columns: meta 'columns' of the model, or
        those of the files.
    -#}
    {%- set relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main', language='python') -%}
{{ compiled_code }}

def materialize(paths, session):
    from store.registration import register_files
    register_files(session, '{{ relation.identifier }}', {{ config.meta_get('columns') }}, paths)
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
