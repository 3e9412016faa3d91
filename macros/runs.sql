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
            last_snapshot_id bigint,
            n_skipped integer
        );
        -- Lakes of earlier versions have the table without it.
        alter table {{ target.database }}.{{ target.schema }}.runs
        add column if not exists n_skipped integer
    {%- endif -%}
{%- endmacro %}

{% macro record_run(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed'] -%}
        {%- set started_at = run_started_at.isoformat() -%}
        {%- set counts = outcome_counts(results) -%}
        insert into {{ target.database }}.{{ target.schema }}.runs by name
        select
            '{{ invocation_id }}' as invocation_id,
            '{{ flags.WHICH }}' as command,
            {{ (invocation_args_dict.select or []) | list }}::varchar[] as selected,
            code_version() as code_version,
            project_vars() as project_vars,
            '{{ tojson(invocation_args_dict.vars or {}) | replace("'", "''") }}' as command_line_vars,
            '{{ dbt_version }}' as dbt_version,
            '{{ started_at }}'::timestamptz as started_at,
            now() as finished_at,
            {{ counts.ok }} as n_ok,
            {{ counts.failed }} as n_failed,
            {{ counts.skipped }} as n_skipped,
            min(snapshot_id) filter (where snapshot_time >= '{{ started_at }}'::timestamptz)
                as first_snapshot_id,
            max(snapshot_id) as last_snapshot_id
        from {{ target.database }}.snapshots()
    {%- endif -%}
{%- endmacro %}

{% macro outcome_counts(results) -%}
    {#-
      What is neither good nor left undone failed: a status that dbt adds counts as a failure. What was
      selected and has no result was left undone; where nothing has one, a first hook is what failed.
    -#}
    {%- set ok = results | selectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list | length -%}
    {%- set skipped = results | selectattr('status', 'equalto', 'skipped') | list | length -%}
    {%- set reported = results | map(attribute='node.unique_id') | list -%}
    {%- set unreported = [] -%}
    {%- for unique_id in selected_resources | default([]) if unique_id not in reported -%}
        {%- if not is_ephemeral(unique_id) -%}{%- do unreported.append(unique_id) -%}{%- endif -%}
    {%- endfor -%}
    {{ return({
        'ok': ok,
        'skipped': skipped + unreported | length,
        'failed': results | length - ok - skipped if results else [unreported | length, 1] | min,
    }) }}
{%- endmacro %}

{% macro is_ephemeral(unique_id) -%}
    {#- Ephemeral models are part of those that read them and have no result of their own. -#}
    {{ return(graph.nodes.get(unique_id, {}).get('config', {}).get('materialized') == 'ephemeral') }}
{%- endmacro %}
