{#- Split of an object of the pools: the project's one split (beside an import CTE `split_cells`),
    or what the original pipeline drew for its HEALPix cell of nside 128. -#}
{% macro pool_split(healpix_128, near_cells) -%}
    {%- if pool_rule_set() == 'original' -%}
    {{ original_split(healpix_128) }}
    {%- else -%}
    {{ split_of_near_cells(near_cells) }}
    {%- endif -%}
{%- endmacro %}

{#- SHA-256 of '<cell>_42'; its first four bytes over 2^32 give the draw. -#}
{% macro original_split(healpix_128) -%}
    case
        when {{ original_split_draw(healpix_128) }} < 0.70 then 'train'
        when {{ original_split_draw(healpix_128) }} < 0.85 then 'val'
        else 'test'
    end
{%- endmacro %}

{% macro original_split_draw(healpix_128) -%}
    (('0x' || left(sha256({{ healpix_128 }} || '_42'), 8))::bigint / 4294967296e0)
{%- endmacro %}

{#- Scores (galaxy_id, score) of an earlier finder from the table that the var names, or none. -#}
{% macro earlier_finder_scores() -%}
    {%- if var('pool_earlier_finder_scores') %}
    select
        galaxy_id,
        max(score) as score
    from {{ table_of_lake('pool_earlier_finder_scores', var('pool_earlier_finder_scores')) }}
    group by galaxy_id
    {%- else %}
    select
        null::varchar as galaxy_id,
        null::double as score
    where false
    {%- endif %}
{%- endmacro %}

{#- A table of the lake that a var names; an error that names both when the lake lacks it. -#}
{% macro table_of_lake(var_name, table) -%}
    {%- if execute -%}
        {%- set relation = adapter.get_relation(target.database, target.schema, table) -%}
        {%- if not relation -%}
            {{ exceptions.raise_compiler_error(
                "var " ~ var_name ~ " names " ~ table ~ ", which the lake lacks"
            ) }}
        {%- endif -%}
        {{ relation }}
    {%- else -%}
        {{ table }}
    {%- endif -%}
{%- endmacro %}
