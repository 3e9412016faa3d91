{#
  Before a run: can the vars be what they are, and is everything there that the selected models read and the run does not make?
  If not, a sentence for each problem that names the var, or what has to come first. What a var can be is in store/vars.py.
#}

{% macro preflight() -%}
    {#- SQL of the first hook: an error that lists every problem, or nothing. -#}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {%- set problems = var_problems() + missing_inputs(selected_resources | default([])) -%}
        {%- if problems %}
            select error('{{ problems | join("\n") | replace("'", "''") }}')
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro var_problems() -%}
    {#- What is wrong with the vars of the command line. -#}
    {%- set overrides = tojson(invocation_args_dict.get('vars') or {}) -%}
    {%- set rows = run_query("select unnest(var_problems('" ~ overrides | replace("'", "''") ~ "'))").rows -%}
    {{ return(rows | map(attribute=0) | list) }}
{%- endmacro %}

{% macro missing_inputs(selected) -%}
    {#- A sentence for each command that has to run first, with the tables that it makes and the lake lacks. -#}
    {%- set present = tables_in_lake() -%}
    {%- set missing = {} -%}
    {%- for unique_id in selected if unique_id.startswith('model.') -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- for input_id in physical_inputs(node) if input_id not in selected -%}
            {%- set table, command = table_and_command(input_id) -%}
            {%- if table and table not in present -%}
                {%- do missing.setdefault((node.fqn[1], command), []).append(table) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set sentences = [] -%}
    {%- for (stage, command), tables in missing.items() -%}
        {%- do sentences.append(
            "stage '" ~ stage ~ "' reads " ~ tables | unique | join(', ') ~ ", which " ~ lake_lacks(present)
            ~ " `" ~ command ~ "` first"
        ) -%}
    {%- endfor -%}
    {{ return(sentences) }}
{%- endmacro %}

{% macro table_and_command(input_id) -%}
    {#- The name of a table in the lake, and the command that makes it; nothing for what is no table. -#}
    {%- if input_id in graph.sources -%}
        {%- set input = graph.sources[input_id] -%}
        {{ return((input.identifier, input.config.get('meta', {}).get('made_by', 'python -m ingest'))) }}
    {%- elif input_id in graph.nodes -%}
        {%- set input = graph.nodes[input_id] -%}
        {{ return((input.alias, 'dbt build --select ' ~ input.fqn[1])) }}
    {%- endif -%}
    {{ return(('', '')) }}
{%- endmacro %}

{% macro tables_in_lake() -%}
    {%- set rows = run_query(
        "select table_name from duckdb_tables() where database_name = '" ~ target.database ~ "'"
        ~ " union all "
        ~ "select view_name from duckdb_views() where database_name = '" ~ target.database ~ "'"
    ) -%}
    {{ return(rows.columns[0].values() | list) }}
{%- endmacro %}

{% macro physical_inputs(node) -%}
    {#- Ids of the tables that a model reads, through models that are no tables themselves. -#}
    {%- set inputs = [] -%}
    {%- for input_id in node.depends_on.nodes -%}
        {%- set input = graph.nodes.get(input_id) -%}
        {%- if input and input.config.materialized == 'ephemeral' -%}
            {%- do inputs.extend(physical_inputs(input)) -%}
        {%- else -%}
            {%- do inputs.append(input_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(inputs | unique | list) }}
{%- endmacro %}

{% macro lake_lacks(present) -%}
    {#- Which lake it is; of one without any table of the survey, that it may be the wrong one. -#}
    {%- set place = "the lake at DHS_LAKE=" ~ env_var('DHS_LAKE', 'lake') -%}
    {%- if present | select('in', graph.sources.values() | map(attribute='identifier') | list) | list -%}
        {{ return(place ~ " lacks: run") }}
    {%- else -%}
        {{ return(place ~ " lacks, as it does the survey's tables: is that the lake you mean? If so, run") }}
    {%- endif -%}
{%- endmacro %}
