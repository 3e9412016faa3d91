{#
  Before a run: are all vars known and within what they can be, and is everything there that the selected models read and the
  run does not make? If not, one sentence that names the var, or what has to come first.
#}

{% macro preflight() -%}
    {#- SQL of the first hook: an error with that sentence, or nothing. -#}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {%- set selected = selected_resources | default([]) -%}
        {%- set present = tables_in_lake() -%}
        {%- set missing = unknown_vars() + vars_out_of_range() + vars_without_such_a_choice() -%}
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

{% macro vars_out_of_range() -%}
    {#- One sentence for each var whose number makes no sense, before anything is made with it. -#}
    {%- set shares = [
        'split_train_fraction', 'split_val_fraction', 'clean_max_bad_pixel_frac',
        'clean_max_wise_brightmask_frac', 'density_min_covered_share', 'population_max_unprobed_share',
        'pool_n1_fraction', 'cutout_max_central_nan_frac', 'cutout_max_core_nan_frac',
        'cutout_max_clip_frac', 'gate_min_positive_ok_frac', 'gate_min_negative_ok_frac',
        'min_psf_source_fraction', 'interval_level',
    ] -%}
    {%- set positive = [
        'pixel_scale_arcsec', 'split_nside', 'replicates', 'beta_max_over_theta_e',
        'surface_psf_width_arcsec', 'surface_depth_width_mag', 'stamp_part_megabytes',
        'psf_moffat_beta', 'src_colour_sigma_mag', 'cutout_size_pix', 'region_link_deg',
    ] -%}
    {%- set sentences = [] -%}
    {%- for name in shares if not (is_number(var(name)) and 0 <= var(name) <= 1) -%}
        {%- do sentences.append(out_of_range(name, 'a number from 0 to 1')) -%}
    {%- endfor -%}
    {%- for name in positive if not (is_number(var(name)) and var(name) > 0) -%}
        {%- do sentences.append(out_of_range(name, 'a number above 0')) -%}
    {%- endfor -%}
    {%- for name in ['lens_e_min', 'lens_e_max'] if not (is_number(var(name)) and 0 <= var(name) < 1) -%}
        {%- do sentences.append(out_of_range(name, 'a number from 0 to below 1')) -%}
    {%- endfor -%}
    {%- if not sentences and var('lens_e_min') > var('lens_e_max') -%}
        {%- do sentences.append(out_of_range('lens_e_min', 'at most lens_e_max, ' ~ var('lens_e_max'))) -%}
    {%- endif -%}
    {{ return(sentences) }}
{%- endmacro %}

{% macro is_number(value) -%}
    {{ return(value is number and value is not boolean) }}
{%- endmacro %}

{% macro out_of_range(name, allowed) -%}
    {{ return('var ' ~ name ~ ' is ' ~ var(name) ~ ': it must be ' ~ allowed) }}
{%- endmacro %}

{% macro vars_without_such_a_choice() -%}
    {#- One sentence for each choice that does not exist, where no model that runs first would say so. -#}
    {%- set choices = [('psf_profile', ['moffat', 'gaussian'])] -%}
    {%- set defaults = fromjson(run_query('select project_vars()').rows[0][0]) -%}
    {%- for by_size in defaults.values() if by_size is mapping and defaults.survey_size in by_size -%}
        {%- do choices.append(('survey_size', by_size.keys() | list)) -%}
    {%- endfor -%}
    {%- set sentences = [] -%}
    {%- for name, allowed in choices if var(name) not in allowed -%}
        {%- do sentences.append(
            "var " ~ name ~ ": there is no '" ~ var(name) ~ "', only " ~ allowed | join(', ')
        ) -%}
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
                "stage '" ~ stage ~ "' reads " ~ input.identifier ~ ", which " ~ lake_lacks(present) ~ " `"
                ~ input.config.get('meta', {}).get('made_by', 'python -m ingest') ~ "` first"
            ) -%}
        {%- endif -%}
    {%- elif input_id in graph.nodes and graph.nodes[input_id].alias not in present -%}
        {%- set input = graph.nodes[input_id] -%}
        {%- do sentence.append(
            "stage '" ~ stage ~ "' reads " ~ input.alias ~ ", which " ~ lake_lacks(present) ~ " `dbt build "
            ~ "--select " ~ input.fqn[1] ~ "` first"
        ) -%}
    {%- endif -%}
    {{ return(sentence | join) }}
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
