{#
  Before a run: are all vars known, and is everything there that the selected models read and the
  run does not make? If not, one sentence that names the var, or what has to come first.
#}

{% macro preflight() -%}
    {#- SQL of the first hook: an error with that sentence, or nothing. -#}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {%- set selected = selected_resources | default([]) -%}
        {%- set present = tables_in_lake() -%}
        {%- set missing = unknown_vars() -%}
        {%- for unique_id in selected if unique_id.startswith('model.') -%}
            {%- set node = graph.nodes[unique_id] -%}
            {%- for input_id in physical_inputs(node) if input_id not in selected -%}
                {%- do missing.append(missing_input(node, input_id, present)) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for sentence in missing | select -%}
            {%- if loop.first -%} select error('{{ sentence | replace("'", "''") }}') {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro unknown_vars() -%}
    {#- One sentence for each var of the command line that nothing reads: dbt itself ignores those. -#}
    {%- set sentences = [] -%}
    {%- set known = fromjson(run_query('select project_vars()').rows[0][0]) -%}
    {%- for name in invocation_args_dict.get('vars') or {} if name not in known -%}
        {%- do sentences.append("no var " ~ name ~ ": dbt_project.yml lists what can be set") -%}
    {%- endfor -%}
    {{ return(sentences) }}
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

{% macro missing_input(node, input_id, present) -%}
    {#- What to run first when the lake lacks an input; '' when it has it. -#}
    {%- set stage = node.fqn[1] -%}
    {%- set sentence = [] -%}
    {%- if input_id in graph.sources -%}
        {%- set input = graph.sources[input_id] -%}
        {%- if input.identifier not in present -%}
            {%- do sentence.append(
                "stage '" ~ stage ~ "' reads " ~ input.identifier ~ ", which the lake lacks: run `"
                ~ input.config.get('meta', {}).get('made_by', 'python -m ingest') ~ "` first"
            ) -%}
        {%- endif -%}
    {%- elif input_id in graph.nodes and graph.nodes[input_id].alias not in present -%}
        {%- set input = graph.nodes[input_id] -%}
        {%- do sentence.append(
            "stage '" ~ stage ~ "' reads " ~ input.alias ~ ", which the lake lacks: run `dbt build "
            ~ "--select " ~ input.fqn[1] ~ "` first"
        ) -%}
    {%- endif -%}
    {{ return(sentence | join) }}
{%- endmacro %}
