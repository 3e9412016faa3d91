{# One row of `runs` per dbt command that writes: what traces a snapshot to code and settings. #}

{% macro create_runs_table() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed'] -%}
        create table if not exists {{ target.database }}.{{ target.schema }}.runs (
            invocation_id varchar,
            command varchar,
            selected varchar[],
            code_version varchar,
            project_vars varchar,
            command_line_vars varchar,
            dbt_version varchar,
            started_at timestamptz,
            finished_at timestamptz,
            n_ok integer,
            n_failed integer,
            first_snapshot_id bigint,
            last_snapshot_id bigint
        )
    {%- endif -%}
{%- endmacro %}

{% macro record_run(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed'] -%}
        {%- set started_at = run_started_at.isoformat() -%}
        {%- set failed = results | selectattr('status', 'in', ['error', 'fail']) | list -%}
        insert into {{ target.database }}.{{ target.schema }}.runs
        select
            '{{ invocation_id }}',
            '{{ flags.WHICH }}',
            {{ (invocation_args_dict.select or []) | list }}::varchar[],
            code_version(),
            project_vars(),
            '{{ tojson(invocation_args_dict.vars or {}) | replace("'", "''") }}',
            '{{ dbt_version }}',
            '{{ started_at }}'::timestamptz,
            now(),
            {{ results | length - failed | length }},
            {{ failed | length }},
            min(snapshot_id) filter (where snapshot_time >= '{{ started_at }}'::timestamptz),
            max(snapshot_id)
        from {{ target.database }}.snapshots()
    {%- endif -%}
{%- endmacro %}
