{% macro parts_of_tasks() -%}
    {#-
      How many parts the tasks are sorted in: a task with its texts takes some 700 bytes, and a part
      has to be sorted in memory. Twenty gigabytes of them at once are sorted on disk.
    -#}
    {%- if var('tasks_per_part') | int < 1 -%}
        {{ exceptions.raise_compiler_error("tasks_per_part is " ~ var('tasks_per_part') ~ ": at least 1 is needed") }}
    {%- endif -%}
    {%- set experiments = adapter.get_relation(
        target.database, target.schema, 'experiments'
    ) if execute else none -%}
    {%- if not experiments -%}{{ return(1) }}{%- endif -%}
    {%- set rows = run_query("select sum(n_tasks_nominal)::bigint from " ~ experiments).rows -%}
    {{ return(((rows[0][0] or 0) // var('tasks_per_part')) | int + 1) }}
{%- endmacro %}
