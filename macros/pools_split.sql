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
